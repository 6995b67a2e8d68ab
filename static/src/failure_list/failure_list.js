/**
 * The list of failures, with buttons on every cause: one click for all records it makes fail.
 *
 * The buttons send the group's filter and not its records, so that a cause may have any number.
 */
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { RelationalModel } from "@web/model/relational_model/relational_model";

export class FailureModel extends RelationalModel {
    /** A cause by which nothing fails any more is gone, and not kept as an empty group. */
    async _postprocessReadGroup(config, result) {
        delete config.currentGroups;
        return super._postprocessReadGroup(config, result);
    }
}

export class FailureListRenderer extends ListRenderer {
    static groupRowTemplate = "saas_sync.FailureGroupRow";

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
    }

    isCause(group) {
        return group.groupByField.name === "fingerprint" && group.count > 0;
    }

    async callOnCause(group, method) {
        const domain = group.list.domain;
        const action = await this.orm.call("sync.lane", method, [domain]);
        await this.action.doAction(action);
        await this.props.list.model.load();
    }

    ignoreCause(group) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Ignore %s records?", group.count),
            body: _t(
                "What waits for these records will not be worked. It stays in the log as " +
                    "cancelled, and the next change of a record starts afresh."
            ),
            confirmLabel: _t("Ignore them"),
            confirm: () => this.callOnCause(group, "action_ignore_matching"),
            cancel: () => {},
        });
    }
}

registry.category("views").add("saas_sync_failure_list", {
    ...listView,
    Model: FailureModel,
    Renderer: FailureListRenderer,
});
