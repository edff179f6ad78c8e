"use strict";

const pack = JSON.parse(document.getElementById("pack").textContent);
const text = new TextEncoder();

// ── bytes ──────────────────────────────────────────────────────────────────

const bytesOf = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
const hexOf = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

// ── the log's word: signed notes, inclusion proofs ─────────────────────────

function noteOf(raw) {
  const at = raw.lastIndexOf("\n\n");
  const signatures = raw.slice(at + 2).trimEnd().split("\n").map((line) => {
    const [, name, data] = /^\u2014 (\S+) (\S+)$/.exec(line);
    const bytes = bytesOf(data);
    return { name, id: hexOf(bytes.slice(0, 4)), signature: bytes.slice(4) };
  });
  const body = raw.slice(0, at + 1);
  const [origin, size, root] = body.split("\n");
  return { body, signatures, origin, size: BigInt(size), root: bytesOf(root) };
}

async function keyOf(written) {
  const [name, id, ...rest] = written.split("+");
  const data = bytesOf(rest.join("+"));
  const digest = await sha256(text.encode(`${name}\n`), data);
  if (hexOf(digest.slice(0, 4)) !== id) throw new Error(`The key ${name} has another hash.`);
  return { name, id, type: data[0], raw: data.slice(1) };
}

async function verifySignature(note) {
  for (const written of pack.keys) {
    const key = await keyOf(written);
    const made = note.signatures.find((each) => each.name === key.name && each.id === key.id);
    if (!made || key.type !== 1) continue;
    const usable = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    const holds = await crypto.subtle.verify({ name: "Ed25519" }, usable, made.signature, text.encode(note.body));
    if (!holds) throw new Error("The log's signature is not over this checkpoint.");
    return `${key.name}+${key.id}`;
  }
  throw new Error("No key that is here signed the checkpoint.");
}

const leafHash = (raw) => sha256(new Uint8Array([0]), raw);
const nodeHash = (left, right) => sha256(new Uint8Array([1]), left, right);

// RFC 9162, section 2.1.3.2.
async function rootOf(index, size, leaf, path) {
  if (index >= size) throw new Error("The tree has no such entry.");
  let [here, last, node] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw new Error("The proof is too long.");
    if (here & 1n || here === last) {
      node = await nodeHash(sibling, node);
      while (here && !(here & 1n)) [here, last] = [here >> 1n, last >> 1n];
    } else {
      node = await nodeHash(node, sibling);
    }
    [here, last] = [here >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new Error("The proof is too short.");
  return node;
}

async function verifyEvent(event, note) {
  const lines = event.proof.split("\n");
  const index = BigInt(lines[1].slice("index ".length));
  const root = await rootOf(index, note.size, await leafHash(text.encode(event.raw)), lines.slice(2).map(bytesOf));
  if (!same(root, note.root)) throw new Error(`Entry ${index} is not in the log.`);
  const promised = JSON.parse(event.raw).body.private ?? {};
  for (const [field, [salt, value]] of Object.entries(event.disclosed)) {
    const digest = await sha256(bytesOf(salt), text.encode(field), new Uint8Array([0]), text.encode(value));
    const written = btoa(String.fromCharCode(...digest)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    if (written !== promised[field]) throw new Error(`${field} of entry ${index} is not what was committed to.`);
  }
  return Object.keys(event.disclosed).length;
}

// Every change counts its own entries 1, 2, 3 …
function verifyNumbers(sample) {
  const stream = `change-request/${sample.label.slice(3)}`;
  const numbers = sample.events.map((each) => JSON.parse(each.raw)).filter((each) => each.s === stream)
    .map((each) => each.seq);
  if (!numbers.length || numbers.some((number, at) => number !== at + 1)) {
    throw new Error(`${sample.label} does not count its entries from 1 without a gap.`);
  }
}

async function verifyPage(say) {
  const note = noteOf(pack.checkpoint);
  say(true, `The checkpoint of ${note.origin} over ${note.size} entries is signed by ${await verifySignature(note)}.`);
  let [entries, names] = [0, 0];
  for (const sample of pack.samples) {
    verifyNumbers(sample);
    for (const event of sample.events) {
      names += await verifyEvent(event, note);
      entries += 1;
    }
  }
  say(true, `${entries} entries are in the log, byte for byte; ${names} names and texts are those committed to.`);
}

// ── the folder against its manifest ────────────────────────────────────────

const LARGEST = 1 << 30;
const UNLISTED = new Set(["MANIFEST.sha256", "MANIFEST.sha256.sig"]);

async function verifyFolder(files, say) {
  const byName = new Map();
  for (const file of files) byName.set(file.webkitRelativePath.split("/").slice(1).join("/"), file);
  const manifest = byName.get("MANIFEST.sha256");
  if (!manifest) throw new Error("There is no MANIFEST.sha256 in this folder.");
  const listed = new Map();
  for (const line of (await manifest.text()).trimEnd().split("\n")) listed.set(line.slice(66), line.slice(0, 64));
  let [checked, large] = [0, 0];
  for (const [name, digest] of listed) {
    const file = byName.get(name);
    if (!file) throw new Error(`${name} is missing.`);
    if (file.size > LARGEST) {
      large += 1;
      continue;
    }
    const found = hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
    if (found !== digest) throw new Error(`${name} is not as the manifest says.`);
    checked += 1;
  }
  for (const name of byName.keys()) {
    if (!listed.has(name) && !UNLISTED.has(name)) throw new Error(`${name} is not in the manifest.`);
  }
  say(true, `${checked} files are as the manifest says.`);
  if (large) say(false, `${large} files are too large for a browser: use sha256sum --check MANIFEST.sha256.`);
  const checkpoint = await byName.get("log/checkpoint").text();
  if (checkpoint !== pack.checkpoint) throw new Error("log/checkpoint is not the one on this page.");
  say(true, "The manifest's own signature is for OpenSSH to check: README.txt says how.");
}

// ── the page ───────────────────────────────────────────────────────────────

function element(name, content = "", look = "") {
  const made = document.createElement(name);
  made.textContent = content;
  if (look) made.className = look;
  return made;
}

function table(where, header, rows) {
  const place = document.getElementById(where);
  const head = place.appendChild(element("thead")).appendChild(element("tr"));
  for (const each of header) head.appendChild(element("th", each)).scope = "col";
  const body = place.appendChild(element("tbody"));
  for (const row of rows) {
    const line = body.appendChild(element("tr"));
    for (const cell of row) line.appendChild(element("td")).append(cell instanceof Node ? cell : String(cell));
  }
}

function fact(list, name, value) {
  list.append(element("dt", name), element("dd", value, "mono"));
}

// Relative: opens beside this page once the pack is unpacked.
function link(path) {
  const made = element("a", path, "mono");
  made.href = path;
  return made;
}

function time(at) {
  const made = element("time", `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`);
  made.dateTime = at;
  return made;
}

function told(holds) {
  return holds === null ? "nothing to say" : holds ? "yes" : "NO";
}

function showSample(sample) {
  const box = element("details");
  box.append(element("summary", `${sample.title} (${sample.state.replaceAll("_", " ")})`));
  box.append(element("p", `Every rule met before deployment: ${told(sample.approvedFirst)}. ` +
    `Signed by others than who asked or sealed: ${told(sample.nobodyOwn)}.`));
  const list = box.appendChild(element("ol", "", "events"));
  for (const event of sample.events) {
    const entry = JSON.parse(event.raw);
    const item = list.appendChild(element("li"));
    item.append(time(entry.at), ` ${event.sentence}`);
    const more = item.appendChild(element("details"));
    more.append(element("summary", "Entry and proof"));
    more.append(element("pre", JSON.stringify(entry, null, 2)), element("pre", event.proof));
  }
  return box;
}

function showControl(control) {
  document.getElementById("control").hidden = false;
  const name = control.control.split("/")[1];
  document.getElementById("control-title").textContent = `${control.framework} ${name}: ${control.title}`;
  document.getElementById("control-asks").textContent = control.asks;
  if (control.left_to) document.getElementById("control-left").textContent = `Not shown by Gatehouse: ${control.left_to}`;
  table("checks", ["Rule", "Counted", "Cases", "Exceptions"],
    control.checks.map((each) => [each.title, each.counted, each.cases, each.exceptions]));
}

function show() {
  document.getElementById("sentence").textContent = pack.sentence;
  const facts = document.getElementById("log");
  fact(facts, "Log", pack.about.log.origin);
  fact(facts, "Entries", pack.about.log.size);
  fact(facts, "Root", pack.about.log.root);
  for (const key of pack.keys) fact(facts, "Key", key);
  for (const stamp of pack.stamps) fact(facts, "Time stamp", stamp);
  fact(facts, "Asked for", `${pack.about.requested_at} by ${pack.about.requested_by}`);
  if (pack.control) showControl(pack.control);
  table("compared", ["Comparison", "Expected", "Found", "Result"],
    pack.compared.map((each) => [each.check, each.expected, each.actual, each.result]));
  table("files", ["File", "What", "Rows"], pack.files.map((each) => [link(each.path), each.title, each.rows]));
  document.getElementById("samples-sentence").textContent =
    `${pack.samples.length} of ${pack.all_samples} sampled changes are on this page; all are in samples/.`;
  document.getElementById("samples").append(...pack.samples.map(showSample));
}

async function run(check) {
  const verdict = document.getElementById("verdict");
  const list = element("ul");
  verdict.replaceChildren(element("p", "Checking …"), list);
  const say = (holds, sentence) => list.append(element("li", sentence, holds ? "" : "bad"));
  try {
    await check(say);
    verdict.firstChild.replaceWith(element("p", "Verified, as far as this page can.", "good"));
  } catch (error) {
    const unable = error.name === "NotSupportedError";
    const what = unable ? "This browser cannot check Ed25519 signatures" : "Something is wrong";
    verdict.firstChild.replaceWith(element("p", `${what}: ${error.message}`, "bad"));
  }
}

show();
document.getElementById("verify").addEventListener("click", () => run(verifyPage));
document.getElementById("folder").addEventListener("change", (event) => {
  run((say) => verifyFolder(event.target.files, say));
});
