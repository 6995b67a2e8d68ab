"""Run within Odoo: one save of one partner, and the moment of its commit."""

import time


def write(env, partner, city):
    """As a person's save does it."""
    return committed(env, lambda: env["res.partner"].browse(partner).write({"city": city}))


def write_and_enqueue(env, partner, city):
    """The same with a job of queue_job that sends the record."""

    def work():
        record = env["res.partner"].browse(partner)
        record.write({"city": city})
        record.with_delay()._bench_push_one()

    return committed(env, work)


def committed(env, work):
    """Do `work`; what is answered holds the moment of the commit once that is over."""
    answer = {}
    # The first to be called after the commit: ahead of what `work` leaves to be done then.
    env.cr.postcommit.add(lambda: answer.update(at=time.time()))
    work()
    return answer
