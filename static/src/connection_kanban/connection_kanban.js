/**
 * The connections' board, which reads its figures again every few seconds while it is looked at.
 */
import { onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { browser } from "@web/core/browser/browser";
import { kanbanView } from "@web/views/kanban/kanban_view";

const INTERVAL = 10000;

export class ConnectionKanbanController extends kanbanView.Controller {
    setup() {
        super.setup();
        let timer;
        onMounted(() => {
            timer = browser.setInterval(() => this.refresh(), INTERVAL);
        });
        onWillUnmount(() => browser.clearInterval(timer));
    }

    async refresh() {
        if (document.visibilityState === "visible" && !document.querySelector(".modal")) {
            await this.model.load();
        }
    }
}

registry.category("views").add("saas_sync_connection_kanban", {
    ...kanbanView,
    Controller: ConnectionKanbanController,
});
