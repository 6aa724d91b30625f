/** Having a conversation erased. Of it nothing is left here but this request, said until the server confirms. */

import { equal } from "../crypto/bytes.ts";
import { eraseSignature, type VisitorKeys } from "../crypto/keys.ts";
import { Connection } from "../wire/connection.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { type Erase, hearAsVisitor, type VisitorHears, type VisitorSays } from "../wire/visitor-frames.ts";

const LATE_AFTER = 10_000;

export interface Request {
  readonly conv: Uint8Array;
  readonly frame: Erase;
}

export interface EraseEvents {
  /** The server says that nothing of it is left. */
  erased(): void;
  /** It takes long; it goes on. */
  late(): void;
  /** The server has never heard of it. */
  unknown(): void;
}

export async function eraseRequest(keys: VisitorKeys): Promise<Request> {
  const { ve, vg, conv } = keys;
  return { conv, frame: { t: "erase", ve: ve.publicKey, vg: vg.publicKey, sig: await eraseSignature(keys) } };
}

export class Erasing {
  readonly #request: Request;
  readonly #events: EraseEvents;
  readonly #connection: Connection<VisitorHears, VisitorSays>;
  readonly #late: () => void;

  constructor(world: Surroundings, path: string, request: Request, events: EraseEvents) {
    this.#request = request;
    this.#events = events;
    this.#late = world.after(LATE_AFTER, () => events.late());
    this.#connection = new Connection(world, path, hearAsVisitor, {
      opened: () => {}, // the server speaks first
      heard: (frame) => this.#heard(frame),
      dropped: () => {},
      network: () => {},
      closed: () => this.#end(() => events.unknown()),
    });
    this.#connection.open();
  }

  stop(): void {
    this.#late();
    this.#connection.close();
  }

  #heard(frame: VisitorHears): void {
    const { conv, frame: request } = this.#request;
    if (frame.t === "hello") this.#connection.say(request);
    else if (frame.t === "erased" && equal(frame.conv, conv)) this.#end(() => this.#events.erased());
    else if (frame.t === "refused" && frame.code === "no_such_conversation") this.#end(() => this.#events.unknown());
    else if (frame.t === "refused") this.#connection.again();
  }

  #end(tell: () => void): void {
    this.stop();
    tell();
  }
}
