/**
 * A path of fields, shown by the fields' names also where it is only read.
 */
import { registry } from "@web/core/registry";
import {
    FieldSelectorField,
    fieldSelectorField,
} from "@web/views/fields/field_selector/field_selector_field";

export class FieldPath extends FieldSelectorField {
    static template = "saas_sync.FieldPath";
}

registry.category("fields").add("sync_field_path", { ...fieldSelectorField, component: FieldPath });
