/**
 * Real pages without a browser: visitors' sessions and one desk's over Node's own sockets, spoken to by line.
 * tests/faults/test_pages.py puts a bad network and a server that is killed before them.
 *
 * -> {"do": "begin", "sockets": origin, "http": origin, "organisation", "root", "line", "name", "passphrase", "visits"}
 * -> {"do": "say", "at": number of the visit, "from": "visitor" | "desk", "text"}
 * -> {"do": "wake"}                          as when a phone leaves the tunnel
 * -> {"do": "look"}                          <- what stands on every screen
 */

import { createInterface } from "node:readline";
import { Desk } from "../../src/desk/session-desk.ts";
import { Visit } from "../../src/visitor/session-visit.ts";
import type { Socket, Surroundings } from "../../src/wire/surroundings.ts";

interface Begin {
  readonly sockets: string;
  readonly http: string;
  readonly organisation: string;
  readonly root: string;
  readonly line: string;
  readonly name: string;
  readonly passphrase: string;
  readonly visits: number;
}

const wakes = new Set<() => void>();
const visits: Visit[] = [];
/** The conversation of each visit, as the desk names it. */
const convs: string[] = [];
let desk: Desk;

function world(begin: Begin): Surroundings {
  return {
    socket(path) {
      // A browser says by itself where its page is from; Node has to be told.
      const options = { headers: { Origin: begin.sockets } } as unknown as string[];
      return new WebSocket(begin.sockets.replace("http", "ws") + path, options) as unknown as Socket;
    },
    async http(method, path, body, token) {
      const answer = await fetch(begin.http + path, {
        method,
        headers: {
          "Content-Type": "application/json",
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json().catch(() => undefined) };
    },
    async post(path, body, stop) {
      const headers = { "Content-Type": "application/octet-stream", Origin: begin.sockets };
      const how = stop === undefined ? {} : { signal: stop };
      const answer = await fetch(begin.sockets + path, { method: "POST", headers, body: body.slice(), ...how });
      return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
    },
    isHidden: () => false,
    onHidden: () => () => {},
    now: () => Date.now(),
    after(ms, deed) {
      const timer = setTimeout(deed, ms);
      return () => clearTimeout(timer);
    },
    chance: Math.random,
    onWake(deed) {
      wakes.add(deed);
      return () => wakes.delete(deed);
    },
  };
}

async function begin(said: Begin): Promise<object> {
  desk = new Desk(world(said), said);
  await desk.signIn(said.name, said.passphrase);
  for (let at = 0; at < said.visits; at += 1) {
    const visit = new Visit(world(said), said);
    await visit.start();
    visits.push(visit);
    await until(() => desk.waiting.value.length > 0);
    const conv = desk.waiting.value[0]?.conv ?? "";
    if (!(await desk.take(conv))) throw new Error("not taken");
    convs.push(conv);
    await until(() => visit.phase.value === "talking" && desk.waiting.value.length === 0);
  }
  return {};
}

function say(said: { at: number; from: string; text: string }): object {
  const [visit, conv] = [visits[said.at], convs[said.at]];
  if (said.from === "visitor") void visit?.send(said.text);
  else void desk.send(conv ?? "", said.text);
  return {};
}

function wake(): object {
  for (const deed of wakes) deed();
  return {};
}

function look(): object {
  return {
    trouble: [desk.trouble.value, ...visits.map((visit) => visit.trouble.value)].filter((one) => one !== undefined),
    network: visits.map((visit) => visit.network.value),
    screens: visits.map((visit, at) => {
      const talk = desk.conversations.value.find((one) => one.conv === convs[at]);
      return { visitor: visit.lines.value, desk: talk?.lines.value ?? [], fork: talk?.fork.value ?? true };
    }),
  };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const deeds = new Map<string, (said: never) => object | Promise<object>>(Object.entries({ begin, say, wake, look }));

for await (const line of createInterface({ input: process.stdin })) {
  const said: { readonly do: string } = JSON.parse(line);
  const answer = await deeds.get(said.do)?.(said as never);
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
process.exit(0);
