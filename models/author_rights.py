"""What somebody has synchronised is bounded by what this person may do without it.

The engine works as Odoo itself, with every right. Without these rules a manager of SaaS Sync could
map the code of server actions, send passwords to an account, or have Odoo call the services of its
own network and read their answers, none of which the role is meant to give.

Promises: who saves a mapping may do to its model and fields, through every step of a path and in
its filter, what the mapping does; no mapping is moved into an account that this person may not
change; who points a connection at a private network is an administrator of the system. Our own
templates of mappings are laid out for every manager.

Weakness: it is checked when it is saved; a right that is taken away later takes nothing back.
Record rules are not looked at: a mapping takes all records of the company that match its filter.
"""

from __future__ import annotations

from odoo import api, models
from odoo.exceptions import AccessError

from . import sync_filter


class AuthorRights(models.AbstractModel):
    """Has :meth:`_check_author` called for what a person creates or changes.

    Not a constraint: Odoo runs those as superuser.
    """

    _name = 'sync.author.rights'
    _description = 'What a person may configure'
    #: A change of one of these is checked.
    _author_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if not self.env.su:
            records._check_author()
        return records

    def write(self, vals):
        result = super().write(vals)
        if not self.env.su and self._author_fields & vals.keys():
            self._check_author()
        return result

    def _check_author(self):
        raise NotImplementedError


class SyncConnection(models.Model):
    _name = 'sync.connection'
    _inherit = ['sync.connection', 'sync.author.rights']
    _author_fields = frozenset({'base_url', 'allow_private'})

    def _check_author(self):
        if self.env.user.has_group('base.group_system'):
            return
        for connection in self.filtered('allow_private'):
            raise AccessError(self.env._(
                'Connection "%s" may reach private addresses. Only an administrator of the system '
                'can switch that on, or change the API address while it is on.', connection.name))


class SyncMapping(models.Model):
    _name = 'sync.mapping'
    _inherit = ['sync.mapping', 'sync.author.rights']
    _author_fields = frozenset({
        'connection_id', 'model_id', 'direction', 'domain', 'create_in', 'create_values',
        'delete_policy'})

    def _check_author(self):
        for mapping in self:
            mapping.connection_id.check_access('write')
            model = self.env[mapping.model]
            for operation in mapping._operations():
                if not model.has_access(operation):
                    mapping._refuse_author(model._description)
            for path in mapping._paths_of_filter():
                mapping._check_path(path, 'read')
            for name in mapping._creation_values():
                mapping._check_path(name, 'write')

    def _operations(self):
        """What the mapping does to records of its model."""
        found = {'read'}
        if self.direction != 'out':
            found.add('write')
            found |= {'create'} if self.create_in else set()
            found |= {'unlink'} if self.delete_policy == 'delete' else set()
        return found

    def _paths_of_filter(self):
        try:
            conditions = sync_filter.parse(self.domain, uid=self.env.uid).iter_conditions()
        except ValueError:
            return set()  # the constraint on the filter tells
        return {condition.field_expr for condition in conditions}

    def _check_path(self, path, operation):
        """Who saves it may do ``operation`` to the first step of the path and read the others.

        What a path writes is its first step: the country is set, by its code.

        :raises AccessError: naming mapping and field.
        """
        model, steps = self.env[self.model], path.split('.')
        for index, name in enumerate(steps):
            field = model._fields.get(name)
            if field is None:
                return  # the constraint on the path tells
            wanted = 'read' if index else operation
            if not (model._has_field_access(field, wanted) and model.has_access(wanted)):
                self._refuse_author(f'{model._description}: {field.string}')
            if not field.relational:
                return
            model = self.env[field.comodel_name]

    def _refuse_author(self, what):
        raise AccessError(self.env._(
            'Mapping "%(mapping)s": you do not have the rights on "%(what)s" that this mapping '
            'would use. Ask somebody who has them to save it.', mapping=self.name, what=what))


class SyncMappingLine(models.Model):
    _name = 'sync.mapping.line'
    _inherit = ['sync.mapping.line', 'sync.author.rights']
    _author_fields = frozenset({'odoo_field', 'rule', 'mapping_id'})

    def _check_author(self):
        for line in self:
            mapping = line.mapping_id
            mapping.check_access('write')
            writes_in = mapping.direction != 'out' and line.rule != 'odoo_wins'
            mapping._check_path(line.odoo_field, 'write' if writes_in else 'read')
