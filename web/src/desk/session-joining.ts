/** Joining with a code: keys are made here, one request stores them, and until then the server knows nothing of it. */

import { type Signal, signal } from "@preact/signals";
import { base64, hex, wipe } from "../crypto/bytes.ts";
import { memberFingerprint, rootFingerprint } from "../crypto/fingerprint.ts";
import { type Founding, found } from "../crypto/founding.ts";
import { type Member, newMember, readCode } from "../crypto/joining.ts";
import { isSamePassphrase, newPassphrase } from "../crypto/passphrase.ts";
import { flag, record, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Enrolment } from "./factor.ts";
import { ask, askSalt, believed, Trouble } from "./session-keyring.ts";
import type { Door, Joining, Step } from "./state-joining.ts";

const readDoor = record({ account: words(32), team: words(41), role: words(40), founds: flag });

/** What is ready to be sent, and nowhere else yet. */
interface Ready {
  readonly code: string;
  readonly name: string;
  readonly member: Member;
  readonly founding: Founding | undefined;
}

export class DeskJoining implements Joining {
  readonly step: Signal<Step> = signal({ at: "outside" });
  readonly busy: Signal<boolean> = signal(false);
  readonly trouble: Signal<string | undefined> = signal(undefined);
  readonly #world: Surroundings;
  readonly #organisation: string;
  #code = "";
  #chosen: { readonly door: Door; readonly passphrase: string } | undefined;
  #ready: Ready | undefined;
  /** Moves on when somebody leaves: what was under way counts no more. */
  #era = 0;

  constructor(world: Surroundings, organisation: string) {
    this.#world = world;
    this.#organisation = organisation;
  }

  begin(): void {
    this.step.value = { at: "code" };
  }

  leave(): void {
    this.#era += 1;
    this.#forget();
    this.busy.value = false;
    this.trouble.value = undefined;
    this.step.value = { at: "outside" };
  }

  open(typed: string): Promise<void> {
    return this.#do("code", async () => {
      const code = readCode(typed);
      const door = believed(await ask(this.#world, "/desk/invitation", { code }), readDoor);
      const passphrase = await newPassphrase();
      return () => {
        this.#code = code;
        this.#chosen = { door, passphrase };
        return { at: "phrase", door, passphrase };
      };
    });
  }

  join(name: string, typed: string): Promise<void> {
    return this.#do("phrase", async ({ door, passphrase }) => {
      if (!isSamePassphrase(typed, passphrase)) throw new Trouble("other_words");
      const code = this.#code;
      const salt = await askSalt(this.#world, name);
      const member = await newMember(door.account, passphrase, new Uint8Array(salt));
      if (!door.founds) return this.#apply(code, name, door, member);
      const who = { organisation: this.#organisation, ...door, ...member };
      const { founding, papers } = await found(who, Math.floor(this.#world.now() / 1000));
      return () => {
        this.#ready = { code, name, member, founding };
        return { at: "papers", papers };
      };
    });
  }

  wrote(): Promise<void> {
    return this.#do("papers", async () => {
      const root = this.#ready?.founding?.root;
      if (root === undefined) throw new Trouble("failed");
      const fingerprint = await rootFingerprint(this.#organisation, root);
      // The papers are gone from here with the step.
      return () => ({ at: "root", fingerprint, file: `${hex(root)}\n`, saved: false });
    });
  }

  saved(): void {
    if (this.step.value.at === "root") this.step.value = { ...this.step.value, saved: true };
  }

  ready(): void {
    const [step, ready] = [this.step.value, this.#ready];
    if (step.at !== "root" || !step.saved || ready === undefined) return;
    this.step.value = { at: "factor", name: ready.name, next: { at: "founded", fingerprint: step.fingerprint } };
  }

  async send(factor: Enrolment): Promise<string | undefined> {
    const [era, ready] = [this.#era, this.#ready];
    if (ready === undefined) return "failed";
    const { founding, ...own } = ready;
    const said = { ...body(own), factor, ...(founding === undefined ? {} : foundBody(founding)) };
    try {
      await ask(this.#world, founding === undefined ? "/desk/join" : "/desk/found", said);
    } catch (reason) {
      const code = reason instanceof Trouble ? reason.code : "failed";
      if (era === this.#era && code === "name_taken") this.#again(code);
      return code;
    }
    // The passphrase was kept until here, for a name that is taken: from now on it is on paper only.
    if (era === this.#era) this.#forget();
    return undefined;
  }

  /** What opens something is overwritten where it is bytes, and let go of where it is a text. */
  #forget(): void {
    this.#code = "";
    this.#chosen = undefined;
    if (this.#ready !== undefined) wipeMember(this.#ready.member);
    this.#ready = undefined;
  }

  sent(): void {
    if (this.step.value.at === "factor") this.step.value = this.step.value.next;
  }

  /** Nothing was stored: only the name has to be another one. */
  #again(why: string): void {
    const chosen = this.#chosen;
    if (chosen === undefined) return;
    if (this.#ready !== undefined) wipeMember(this.#ready.member);
    this.#ready = undefined;
    this.step.value = { at: "phrase", ...chosen };
    this.trouble.value = why;
  }

  async #apply(code: string, name: string, door: Door, member: Member): Promise<() => Step> {
    const fingerprint = await memberFingerprint(this.#organisation, { ...door, ...member });
    return () => {
      this.#ready = { code, name, member, founding: undefined };
      return { at: "factor", name, next: { at: "waiting", name, fingerprint } };
    };
  }

  /** One deed of the step that is shown; its end is what comes next. What went wrong leaves everything as it was. */
  async #do<At extends Step["at"]>(
    at: At,
    deed: (step: Extract<Step, { at: At }>) => Promise<() => Step>,
  ): Promise<void> {
    const step = this.step.value;
    if (this.busy.value || !isAt(step, at)) return;
    const era = this.#era;
    this.busy.value = true;
    this.trouble.value = undefined;
    try {
      const next = await deed(step);
      if (era === this.#era) this.step.value = next();
    } catch (reason) {
      if (era === this.#era) this.trouble.value = reason instanceof Trouble ? reason.code : "failed";
    } finally {
      if (era === this.#era) this.busy.value = false;
    }
  }
}

/** What somebody could sign in with who reads it, and has the codes; sealed keys and public halves are the server's. */
const wipeMember = ({ proof, serverHalf }: Member): void => wipe(proof, serverHalf);

function isAt<At extends Step["at"]>(step: Step, at: At): step is Extract<Step, { at: At }> {
  return step.at === at;
}

function body({ code, name, member }: Omit<Ready, "founding">): Record<string, string> {
  return {
    code,
    name,
    salt: base64(member.salt),
    proof: base64(member.proof),
    server_half: base64(member.serverHalf),
    sealed_amk: base64(member.sealedAmk),
    sealed_x25519: base64(member.sealedX25519),
    sealed_ed25519: base64(member.sealedEd25519),
    ed25519: base64(member.ed25519),
    x25519: base64(member.x25519),
  };
}

function foundBody(founding: Founding): Record<string, string> {
  return {
    root: base64(founding.root),
    admin_certificate: base64(founding.adminCertificate),
    recovery_certificate: base64(founding.recoveryCertificate),
    team_certificate: base64(founding.teamCertificate),
    certificate: base64(founding.certificate),
    team_key: base64(founding.teamKey),
    recovery_wrap: base64(founding.recoveryWrap),
    admin_key: base64(founding.adminKey),
    admin_recovery_wrap: base64(founding.adminRecoveryWrap),
  };
}
