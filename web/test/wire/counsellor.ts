/** A counsellor written out by hand over the plain cryptography: what a visitor's page is tested against. */

import { decode, encode } from "@msgpack/msgpack";
import { hex, random } from "../../src/crypto/bytes.ts";
import type { SigningKey } from "../../src/crypto/curves.ts";
import {
  type Header,
  headNext,
  headZero,
  MESSAGE,
  NO_PREVIOUS,
  openEnvelope,
  parse,
  readContent,
  SHARED_LOG,
  sealSigned,
  TEAM,
  textContent,
} from "../../src/crypto/envelope.ts";
import { sha256 } from "../../src/crypto/primitives.ts";
import { Purpose, unwrap } from "../../src/crypto/wrap.ts";
import { FakeSocket, until } from "./fake-world.ts";
import type { Account, House } from "./house.ts";
import type { Conv, Frame, ModelServer } from "./model-server.ts";

export class Counsellor {
  readonly account: Account;
  readonly #server: ModelServer;
  readonly #socket = new FakeSocket("/desk/socket/2");
  readonly heard: Frame[] = [];
  readonly #sender = random(8);
  #seq = 0;
  #prev: Uint8Array = NO_PREVIOUS;
  #before: [number, Uint8Array] = [0, NO_PREVIOUS];

  constructor(server: ModelServer, account: Account) {
    this.#server = server;
    this.account = account;
    const token = random(32);
    server.tokens.set(Buffer.from(token).toString("base64"), account);
    this.#socket.onmessage = ({ data }) => this.heard.push(decode(new Uint8Array(data as ArrayBuffer)) as Frame);
    this.#socket.onopen = () => this.say({ t: "sign_on", token });
    server.accept(this.#socket);
  }

  say(frame: Frame): void {
    this.#socket.send(encode(frame));
  }

  async takes(conv: Conv): Promise<void> {
    await until(() => this.heard.some((frame) => frame.t === "welcome"), "welcome");
    this.say({ t: "take", conv: conv.id });
    this.say({ t: "follow", conv: conv.id, shared: 0, notes: 0 });
  }

  /** Says *text*; *but* changes the header, the certificate or the signing key. */
  async says(conv: Conv, text: string, but: Forgery = {}): Promise<Uint8Array> {
    const envelope = await this.seals(conv, text, but);
    this.say({ t: "append", envelope });
    return envelope;
  }

  /** What was sealed last is no part of our chain: it had one of its own. */
  forget(): void {
    [this.#seq, this.#prev] = this.#before;
  }

  async seals(conv: Conv, text: string, but: Forgery = {}): Promise<Uint8Array> {
    const { header, certId = this.account.certId, signing = this.account.signing, secret } = but;
    const log = conv.logs[1];
    let head: Uint8Array = await headZero(conv.id, SHARED_LOG);
    for (const { n, envelope } of log) head = await headNext(head, n, await sha256(envelope));
    const whole: Header = {
      klass: MESSAGE,
      direction: TEAM,
      conv: conv.id,
      generation: 1,
      sender: this.#sender,
      seq: this.#seq + 1,
      msgId: random(16),
      prev: this.#prev,
      seenSeq: log.length,
      seenHead: head,
      ...header,
    };
    const key = secret ?? (await secretOf(this.#server.house, conv, whole.generation));
    const envelope = await sealSigned(key, whole, certId, signing, but.content ?? textContent(text));
    this.#before = [this.#seq, this.#prev];
    this.#seq += 1;
    this.#prev = await sha256(envelope);
    return envelope;
  }
}

export interface Forgery {
  readonly content?: Uint8Array;
  readonly header?: Partial<Header>;
  readonly certId?: Uint8Array;
  readonly signing?: SigningKey;
  readonly secret?: Uint8Array;
}

/** CS_g, as the team's key opens it from what the server keeps. */
export async function secretOf(house: House, conv: Conv, generation: number): Promise<Uint8Array> {
  const { organisation, team } = house;
  const context = { organisation, team, epoch: 1, conv: conv.id, generation, purpose: Purpose.TEAM };
  return unwrap(conv.wraps[generation * 2] ?? new Uint8Array(0), house.teamKey, context);
}

/** What the shared log says, in order, with the generation of each: "0 text". Staff bodies are not looked into. */
export async function visitorTexts(house: House, conv: Conv): Promise<string[]> {
  const texts = [];
  for (const { envelope } of conv.logs[1]) {
    const { generation, direction } = parse(envelope);
    const body = await openEnvelope(await secretOf(house, conv, generation), envelope);
    if (direction === 1) texts.push(`${generation} ${readContent(body)}`);
  }
  return texts;
}

export function onlyConv(server: ModelServer): Conv {
  const [conv] = server.convs.values();
  if (conv === undefined) throw new Error("no conversation yet");
  return conv;
}

export function label(conv: Conv): string {
  return hex(conv.id);
}
