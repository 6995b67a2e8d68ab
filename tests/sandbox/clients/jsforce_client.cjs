// Drives the Salesforce sandbox with jsforce and prints what it saw as one line of JSON.
// Usage: node jsforce_client.cjs <address> <client id> <client secret>; NODE_PATH leads to jsforce.
"use strict";

const jsforce = require("jsforce");

const [address, clientId, clientSecret] = process.argv.slice(2);

async function crud(conn) {
  const made = await conn.sobject("Account").create({ Name: "Nordwind" });
  const changed = await conn.sobject("Account").update({ Id: made.id, Phone: "+49 40 1" });
  const read = await conn.sobject("Account").retrieve(made.id);
  const gone = await conn.sobject("Account").destroy(made.id);
  let after = null;
  try {
    await conn.sobject("Account").retrieve(made.id);
  } catch (error) {
    after = error.errorCode;
  }
  return { made: made.success, changed: changed.success, phone: read.Phone, gone: gone.success, after };
}

async function upsert(conn) {
  const contacts = conn.sobject("Contact");
  const first = await contacts.upsert({ Odoo_Id__c: "7", LastName: "Weiß" }, "Odoo_Id__c");
  const second = await contacts.upsert({ Odoo_Id__c: "7", LastName: "Weiss" }, "Odoo_Id__c");
  const many = await contacts.upsert(
    [
      { Odoo_Id__c: "7", Title: "CEO" },
      { Odoo_Id__c: "8", FirstName: "Nameless" },
    ],
    "Odoo_Id__c",
  );
  return {
    created: [first.created, second.created],
    same: first.id === second.id,
    many: many.map((row) => (row.success ? "ok" : row.errors[0].statusCode)),
  };
}

async function query(conn) {
  await conn.sobject("Lead").create(
    Array.from({ length: 10 }, (_, n) => ({ LastName: `L${n}`, Company: n % 2 ? "Odd" : "Even" })),
  );
  const page = await conn.query("SELECT Id, LastName FROM Lead ORDER BY LastName");
  const rest = await conn.queryMore(page.nextRecordsUrl);
  const found = await conn
    .sobject("Lead")
    .find({ Company: "Odd", LastName: { $like: "L%" } }, ["LastName", "Owner.Name"])
    .sort({ LastName: -1 })
    .limit(2);
  return {
    total: page.totalSize,
    pages: [page.records.length, rest.records.length],
    found: found.map((row) => row.LastName),
    owner: found[0].Owner.Name,
    count: await conn.sobject("Lead").count({ Company: "Even" }),
  };
}

async function describe(conn) {
  const whole = await conn.describeGlobal();
  const contact = await conn.sobject("Contact").describe();
  const field = contact.fields.find((row) => row.name === "Odoo_Id__c");
  const identity = await conn.identity();
  return {
    names: whole.sobjects.map((row) => row.name),
    external: field.externalId,
    org: identity.organization_id,
    usage: conn.limitInfo.apiUsage.limit,
  };
}

async function replicate(conn) {
  const gone = await conn.sobject("Product2").create({ Name: "Gone" });
  const kept = await conn.sobject("Product2").create({ Name: "Kept" });
  await conn.sobject("Product2").destroy(gone.id);
  const end = new Date(Date.now() + 120000);
  const start = new Date(Date.now() - 3600000);
  const updated = await conn.sobject("Product2").updated(start, end);
  const deleted = await conn.sobject("Product2").deleted(start, end);
  return {
    updated: updated.ids.length === 1 && updated.ids[0] === kept.id,
    deleted: deleted.deletedRecords.length === 1 && deleted.deletedRecords[0].id === gone.id,
  };
}

async function bulk(conn) {
  conn.bulk2.pollInterval = 50;
  conn.bulk2.pollTimeout = 30000;
  const rows = Array.from({ length: 300 }, (_, n) => ({ Odoo_Id__c: `b${n}`, Name: `A${n}` }));
  rows[5].Name = "";
  const results = await conn.bulk2.loadAndWaitForResults({
    object: "Account",
    operation: "upsert",
    externalIdFieldName: "Odoo_Id__c",
    input: rows,
  });
  return {
    successful: results.successfulResults.length,
    failed: results.failedResults.map((row) => row.sf__Error.split(":")[0]),
    unprocessed: results.unprocessedRecords.length,
  };
}

async function main() {
  const conn = new jsforce.Connection({
    version: "66.0",
    oauth2: { loginUrl: address, clientId, clientSecret },
  });
  await conn.authorize({ grant_type: "client_credentials" });
  const seen = {};
  for (const scene of [crud, upsert, query, describe, replicate, bulk]) {
    seen[scene.name] = await scene(conn);
  }
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error.stack || error);
  process.exit(1);
});
