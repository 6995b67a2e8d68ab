/**
 * A table of texts: {columns: [title, …], rows: [[text, …], …]}, from a JSON field.
 *
 * The texts may come from a remote account. They are shown as texts and never as markup.
 */
import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

export class SyncTable extends Component {
    static template = "saas_sync.SyncTable";
    static props = { ...standardFieldProps };

    get table() {
        return this.props.record.data[this.props.name] || { columns: [], rows: [] };
    }
}

registry.category("fields").add("sync_table", {
    component: SyncTable,
    displayName: _t("Table of texts"),
    supportedTypes: ["json"],
});
