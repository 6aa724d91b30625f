/** One's own account at the server. The passphrase is asked for each deed, stretched, and not kept. */

import { base64 } from "../crypto/bytes.ts";
import { flag, list, record, whole, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Enrolment } from "./factor.ts";
import { ask, believed, changePassphrase, provenDeed, sealForSheet, Trouble } from "./session-keyring.ts";
import type { Own, OwnAccount } from "./state-account.ts";

const readOwn = record({
  second_factor: flag,
  recovery_codes: whole,
  sheet: flag,
  sessions: list(record({ id: words(64), began: whole, here: flag }), 10_000),
});

/** Whoever is signed in. */
export interface Me {
  readonly token: string;
  readonly account: string;
  salt: Uint8Array;
}

export class DeskAccount implements OwnAccount {
  readonly #world: Surroundings;
  readonly #me: () => Me | undefined;

  constructor(world: Surroundings, me: () => Me | undefined) {
    this.#world = world;
    this.#me = me;
  }

  async look(): Promise<Own | string> {
    let own: Own | string = "failed";
    const code = await this.#do(async ({ token }) => {
      const found = believed(await ask(this.#world, "/desk/account", undefined, token), readOwn);
      const { second_factor: secondFactor, recovery_codes: recoveryCodes, sheet, sessions } = found;
      own = { secondFactor, recoveryCodes, sheet, sessions };
    });
    return code ?? own;
  }

  knows(passphrase: string): Promise<string | undefined> {
    return this.#proven(passphrase, "/desk/unlock", {});
  }

  setSecondFactor(passphrase: string, made: Enrolment): Promise<string | undefined> {
    return this.#proven(passphrase, "/desk/account/second-factor", { factor: made });
  }

  setRecoveryCodes(passphrase: string, codes: readonly Uint8Array[]): Promise<string | undefined> {
    return this.#proven(passphrase, "/desk/account/recovery-codes", { recovery: codes.map(base64) });
  }

  setPassphrase(passphrase: string, fresh: string): Promise<string | undefined> {
    return this.#do(async (me) => {
      await changePassphrase(this.#world, me, passphrase, fresh);
    });
  }

  setSheet(passphrase: string, sheet: Uint8Array): Promise<string | undefined> {
    return this.#do((me) => sealForSheet(this.#world, me, passphrase, sheet));
  }

  endSession(id: string | undefined): Promise<string | undefined> {
    return this.#do(async ({ token }) => {
      await ask(this.#world, "/desk/account/end", id === undefined ? {} : { id }, token);
    });
  }

  #proven(passphrase: string, path: string, body: object): Promise<string | undefined> {
    return this.#do((me) => provenDeed(this.#world, me, passphrase, path, body));
  }

  async #do(deed: (me: Me) => Promise<void>): Promise<string | undefined> {
    const me = this.#me();
    if (me === undefined) return "signed_out";
    try {
      await deed(me);
      return undefined;
    } catch (reason) {
      const code = reason instanceof Trouble ? reason.code : "failed";
      return code === "sign_in_refused" ? "passphrase_refused" : code; // there is only one thing that it can be here
    }
  }
}
