/** A visitor's page, a counsellor by hand and a model server in one room. */

import { Visit } from "../../src/visitor/session-visit.ts";
import { Counsellor, onlyConv } from "../wire/counsellor.ts";
import { FakeClock, fakeWorld, until, type World } from "../wire/fake-world.ts";
import { type House, makeHouse, pin } from "../wire/house.ts";
import { type Conv, ModelServer } from "../wire/model-server.ts";

export const LINE = "night-line";
export const NOW = 1_800_000_000;

let shared: Promise<House> | undefined;

/** One house for a whole test file: its staff cost an Argon2id each. */
export function house(): Promise<House> {
  shared ??= makeHouse({ now: NOW, staff: ["anna", "bram"] });
  return shared;
}

export interface Scene {
  readonly house: House;
  readonly server: ModelServer;
  readonly world: World;
  readonly visit: Visit;
  texts(): string[];
  /** The conversation, once it started. */
  conv(): Conv;
  counsellor(at?: number): Counsellor;
}

/** Another device of somebody, with its own network. */
export async function elsewhere(first: Scene, pinned: Partial<ReturnType<typeof pin>> = {}): Promise<Scene> {
  return scene(pinned, first.server);
}

export async function scene(pinned: Partial<ReturnType<typeof pin>> = {}, shared?: ModelServer): Promise<Scene> {
  const theHouse = await house();
  const server = shared ?? new ModelServer(theHouse, LINE, new FakeClock(NOW * 1000));
  const { clock } = server;
  const world = fakeWorld({
    clock,
    connect: (socket) => server.accept(socket),
    http: (method, path, body, token) => server.http(method, path, body, token),
  });
  const visit = new Visit(world.surroundings, { ...pin(theHouse, LINE), ...pinned });
  return {
    house: theHouse,
    server,
    world,
    visit,
    texts: () => visit.lines.value.map((line) => `${line.from} ${line.kind === "text" ? line.text : line.kind}`),
    conv: () => onlyConv(server),
    counsellor: (at = 0) => new Counsellor(server, theHouse.accounts[at] ?? (theHouse.accounts[0] as never)),
  };
}

/** A visitor who waits. */
export async function waiting(): Promise<Scene> {
  const one = await scene();
  void one.visit.start();
  await until(() => one.visit.phase.value === "waiting", "waiting");
  return one;
}

/** A visitor who talks with the first counsellor. */
export async function talking(): Promise<Scene & { readonly anna: Counsellor }> {
  const one = await waiting();
  const anna = one.counsellor();
  await anna.takes(one.conv());
  await until(() => one.visit.phase.value === "talking", "talking");
  return { ...one, anna };
}

export function allSent({ visit }: Scene): boolean {
  return visit.lines.value.every((line) => line.delivery !== "sending" && line.delivery !== "retrying");
}

export async function said(one: Scene, count: number): Promise<void> {
  await until(() => one.texts().length === count && allSent(one), `${count} lines`);
}
