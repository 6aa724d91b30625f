/** Desks and visitors' pages around one model server, all with the real sessions. */

import assert from "node:assert/strict";
import { base64 } from "../../src/crypto/bytes.ts";
import { parseCertificate } from "../../src/crypto/certificate.ts";
import { NO_CONVERSATION, Purpose, wrap } from "../../src/crypto/wrap.ts";
import { Desk } from "../../src/desk/session-desk.ts";
import type { Talk } from "../../src/desk/session-talk.ts";
import { Visit } from "../../src/visitor/session-visit.ts";
import { FakeClock, fakeWorld, until, type World } from "../wire/fake-world.ts";
import { type Account, type House, makeHouse, ORGANISATION, pin, TEAM } from "../wire/house.ts";
import { ModelServer } from "../wire/model-server.ts";

export const LINE = "night-line";
export const NOW = 1_800_000_000;

let shared: Promise<House> | undefined;

/** One house for a whole test file: its staff cost an Argon2id each. */
export function house(): Promise<House> {
  shared ??= makeHouse({ now: NOW, staff: ["anna", "bram", "lena"], leads: ["lena"] });
  return shared;
}

/** What the server says of the team to a lead who is alone in it, with both keys wrapped to them. */
export async function teamOf(theHouse: House, lead: Account): Promise<Record<string, unknown>> {
  const [, own] = parseCertificate(lead.certificate).certificate.keys;
  assert.ok(own);
  const place = { organisation: ORGANISATION, epoch: 1, conv: NO_CONVERSATION, generation: 0 };
  const forMember = { ...place, team: TEAM, purpose: Purpose.MEMBER };
  const forLead = { ...place, team: "team-admin", purpose: Purpose.TEAM_ADMIN };
  return {
    team: TEAM,
    admin_certificate: base64(theHouse.certificates.admin),
    team_certificate: base64(theHouse.certificates.team),
    recovery_certificate: "",
    invitations: [],
    waiting: [],
    members: [{ account: lead.id, name: lead.name, role: "lead", certificate: base64(lead.certificate) }],
    team_keys: [{ team: TEAM, epoch: 1, wrap: base64(await wrap(theHouse.teamPrivate, own, forMember)) }],
    admin_key: { epoch: 1, wrap: base64(await wrap(theHouse.adminPrivate, own, forLead)) },
    epoch_due: false,
    recovery_due: false,
    known_outside: false,
  };
}

export interface Room {
  readonly house: House;
  readonly server: ModelServer;
  readonly clock: FakeClock;
  readonly world: World;
  desk(): Desk;
  visit(): Visit;
}

export async function room(where?: House): Promise<Room> {
  const theHouse = where ?? (await house());
  const clock = new FakeClock(NOW * 1000);
  const server = new ModelServer(theHouse, LINE, clock);
  const world = fakeWorld({
    clock,
    connect: (socket) => server.accept(socket),
    http: (method, path, body, token) => server.http(method, path, body, token),
  });
  const pinned = pin(theHouse, LINE);
  return {
    house: theHouse,
    server,
    clock,
    world,
    desk: () => new Desk(world.surroundings, pinned),
    visit: () => new Visit(world.surroundings, pinned),
  };
}

export async function signedIn(one: Room, who = 0): Promise<Desk> {
  const desk = one.desk();
  const account = one.house.accounts[who];
  if (account === undefined) throw new Error("nobody there");
  await desk.signIn(account.name, account.passphrase);
  return desk;
}

/** A visitor who wrote *texts* and waits. */
export async function visitorWho(one: Room, ...texts: string[]): Promise<Visit> {
  const visit = one.visit();
  void visit.start();
  for (const text of texts) await visit.send(text);
  await until(() => visit.phase.value === "waiting" && delivered(visit), "a visitor who waits");
  return visit;
}

/** A visitor who leaves a message for later and is still there. */
export async function visitorLeaves(one: Room, text: string): Promise<Visit> {
  const visit = one.visit();
  await visit.leaveMessage(text);
  await until(() => visit.phase.value === "waiting" && delivered(visit), "a message");
  return visit;
}

export function delivered(visit: Visit): boolean {
  return visit.lines.value.every((line) => line.delivery !== "sending" && line.delivery !== "retrying");
}

/** Take the longest waiting conversation. */
export async function takesNext(desk: Desk): Promise<Talk> {
  await until(() => desk.waiting.value.length > 0, "somebody who waits");
  const conv = desk.waiting.value[0]?.conv ?? "";
  if (!(await desk.take(conv))) throw new Error("a colleague was first");
  return talkOf(desk, conv);
}

export function talkOf(desk: Desk, conv: string): Talk {
  const talk = desk.conversations.value.find((one) => one.conv === conv);
  if (talk === undefined) throw new Error("not at this desk");
  return talk;
}

export function linesOf(talk: Talk): string[] {
  return talk.lines.value.map((line) => `${line.from} ${line.kind === "text" ? line.text : line.kind}`);
}

export function linesAt(visit: Visit): string[] {
  return visit.lines.value.map((line) => `${line.from} ${line.kind === "text" ? line.text : line.kind}`);
}
