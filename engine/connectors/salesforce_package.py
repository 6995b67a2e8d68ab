"""Our field as metadata that an administrator deploys, where we may not create it ourselves.

A zip in the Metadata API's layout: ``package.xml``, an ``.object`` file for each object, and a
permission set that lets the user of the connection see and fill the field. It is deployed with
``sf project deploy start --metadata-dir`` or Workbench.

Promise: what is deployed is what :func:`~.salesforce_schema.create_external_id` would make. It
holds no secret and nothing of the connection but its objects.

Source: Metadata API Developer Guide, "CustomObject", "CustomField", "PermissionSet". Weakness: the
permission set has to be assigned by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .salesforce_api import DEFAULT_API_VERSION, EXTERNAL_ID
from .salesforce_schema import metadata_xml

PERMISSION_SET = 'Odoo_Sync'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
_README = '''The field {field}, for {objects}, and a permission set for it.

1. Unpack this archive, or give it as it is to Workbench (Migration, Deploy).
2. sf project deploy start --metadata-dir . --target-org <your organisation>
3. Assign the permission set "Odoo Sync" to the user of the connection:
   sf org assign permset --name {permission_set} --on-behalf-of <user name>
4. In Odoo, press "Read the fields again" on the connection.
'''


def package_files(
    *, properties: Mapping[str, Iterable[str]], **_connection: str
) -> dict[str, str]:
    """Path → content.

    :param properties: remote object → anything; the objects are what counts.
    """
    objects = sorted(properties)
    return {
        'package.xml': _package(objects),
        **{f'objects/{name}.object': metadata_xml(EXTERNAL_ID, name) for name in objects},
        f'permissionsets/{PERMISSION_SET}.permissionset': _permission_set(objects),
        'README.txt': _README.format(
            field=EXTERNAL_ID, objects=', '.join(objects), permission_set=PERMISSION_SET),
    }  # fmt: skip


def _package(objects: Iterable[str]) -> str:
    fields = ''.join(f'        <members>{name}.{EXTERNAL_ID}</members>\n' for name in objects)
    return (
        f'{_HEAD}<Package {_NAMESPACE}>\n'
        f'    <types>\n{fields}        <name>CustomField</name>\n    </types>\n'
        f'    <types>\n        <members>{PERMISSION_SET}</members>\n'
        '        <name>PermissionSet</name>\n    </types>\n'
        f'    <version>{DEFAULT_API_VERSION.removeprefix("v")}</version>\n</Package>\n'
    )


def _permission_set(objects: Iterable[str]) -> str:
    rows = ''.join(
        '    <fieldPermissions>\n        <editable>true</editable>\n'
        f'        <field>{name}.{EXTERNAL_ID}</field>\n        <readable>true</readable>\n'
        '    </fieldPermissions>\n'
        for name in objects
    )
    return (
        f'{_HEAD}<PermissionSet {_NAMESPACE}>\n{rows}'
        '    <hasActivationRequired>false</hasActivationRequired>\n'
        '    <label>Odoo Sync</label>\n</PermissionSet>\n'
    )
