/** Signing in, and coming back from a lock: two doors with the same lock on them. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { org } from "/org.js";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import { LockedCalls } from "./Calls.tsx";
import { Field, username, Wrong } from "./Field.tsx";
import { LockedGlass } from "./Glass.tsx";
import { ReadsLater } from "./Returning.tsx";
import { arm } from "./sound.ts";
import type { DeskSession, OpenedSheet } from "./state.ts";
import { NewPassphrase, NewSheet } from "./WrittenDown.tsx";
import { say } from "./words.ts";

interface DoorProps {
  readonly title: string;
  readonly go: string;
  readonly session: DeskSession;
  readonly named: boolean;
  /** What opens it, besides a code. */
  readonly by?: "passphrase" | "words";
  /** Whether it asks for a code. Told by the installation, never by the name: nobody learns who has what. */
  readonly coded?: boolean;
  readonly open: (name: string, passphrase: string, code: string) => Promise<void>;
  readonly children?: preact.ComponentChildren;
}

function Door({ title, go, session, named, by = "passphrase", coded = false, open, children }: DoorProps) {
  const name = useSignal("");
  const passphrase = useSignal("");
  const oneTime = useSignal("");
  const at = useSignal(false);
  const slipped = useSignal(false);
  const id = useId();
  const busy = at.value || session.phase.value === "signing_in";
  const trouble = busy ? undefined : (session.trouble.value ?? (slipped.value ? "failed" : undefined));
  const refused = by === "words" ? "sheet_refused" : coded ? "code_needed" : "sign_in_refused";
  const refusal = trouble === "sign_in_refused" ? refused : trouble;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    arm();
    const typed = passphrase.value;
    at.value = true;
    slipped.value = false;
    await open(name.value.trim().normalize("NFC"), typed, coded ? oneTime.value.trim() : "").catch(
      () => (slipped.value = true),
    );
    at.value = false;
    passphrase.value = "";
    oneTime.value = "";
  }
  const wrong = refusal === undefined ? undefined : id;
  return (
    <main class="door">
      <Mark />
      <form class="card rows" onSubmit={submit}>
        <h1>{title}</h1>
        <Wrong id={id} code={refusal} />
        {/* So that a password manager knows whose passphrase it is. */}
        {!named && <input hidden readOnly {...username} value={session.name.value} />}
        {named && <Field label={say("in.name")} kind="username" value={name} first wrong={wrong} />}
        <Field
          label={say(by === "words" ? "own.sheet.words" : "in.phrase")}
          kind={by}
          value={passphrase}
          first={!named}
          wrong={wrong}
        />
        {coded && (
          <>
            <Field label={say("in.code")} kind="code" value={oneTime} wrong={wrong} />
            <p class="small">{say("in.code.p")}</p>
          </>
        )}
        <button type="submit" class="pill full" aria-disabled={busy}>
          {go}
        </button>
        {busy && <p class="small">{say("in.busy")}</p>}
        {children}
      </form>
    </main>
  );
}

const Invited = ({ session }: { session: DeskSession }) => (
  <button type="button" class="pill outline" onClick={() => session.joining.begin()}>
    {say("in.invited")}
  </button>
);

/** Before a root is pinned nobody can sign in: there is nothing yet to check the server by. */
function NotInUse({ session }: { session: DeskSession }) {
  return (
    <main class="door">
      <Mark />
      <div class="card rows">
        <h1>{say("in.h")}</h1>
        <p>{say("in.unpinned")}</p>
        <Invited session={session} />
      </div>
    </main>
  );
}

/**
 * Came in by the recovery sheet, which is used up: the desk opens once there is another passphrase, and another sheet.
 * Both are on paper before either counts, and count together.
 */
function Renewing({ sheet, session, back }: RenewingProps) {
  const fresh = useSignal<string | undefined>(undefined);
  async function keep(next: Uint8Array): Promise<string | undefined> {
    await sheet.renew(fresh.value ?? "", next);
    return session.trouble.value; // it is at the desk, or back at the door
  }
  return (
    <main class="door">
      <Mark />
      <div class="card rows">
        <h1>{say("in.h")}</h1>
        {fresh.value === undefined ? (
          <NewPassphrase
            keep={async (typed) => {
              fresh.value = typed;
              return undefined;
            }}
            done={() => {}}
            cancel={back}
          />
        ) : (
          <NewSheet title={say("own.sheet")} about={say("sheet.next")} keep={keep} done={() => {}} cancel={back} />
        )}
      </div>
    </main>
  );
}

interface RenewingProps {
  readonly sheet: OpenedSheet;
  readonly session: DeskSession;
  readonly back: () => void;
}

/** Where real visitors come everybody has a second factor, so everybody is asked for it. In a demo hardly anybody has. */
export function SignIn({ session }: { session: DeskSession }) {
  const isDemo = org.demo || session.demo.value;
  const coded = useSignal(!isDemo);
  const lost = useSignal(false);
  const sheet = useSignal<OpenedSheet | undefined>(undefined);
  function back(): void {
    sheet.value?.forget();
    sheet.value = undefined;
    lost.value = false;
  }
  if (!session.pinned) return <NotInUse session={session} />;
  const later = session.later.value;
  if (later !== undefined) return <ReadsLater session={session} minute={later} back={() => session.turnBack()} />;
  if (sheet.value !== undefined) return <Renewing sheet={sheet.value} session={session} back={back} />;
  return (
    <Door
      key={String(lost.value)}
      title={say(lost.value ? "sheet.h" : "in.h")}
      go={say(lost.value ? "sheet.go" : "in.go")}
      session={session}
      named
      by={lost.value ? "words" : "passphrase"}
      coded={coded.value}
      open={async (name, typed, code) => {
        if (lost.value) sheet.value = await session.openSheet(name, typed, code);
        else await session.signIn(name, typed, code);
      }}
    >
      {!coded.value && (
        <button type="button" class="pill" onClick={() => (coded.value = true)}>
          {say("in.also")}
        </button>
      )}
      <button type="button" class="pill" onClick={() => (lost.value = !lost.value)}>
        {say(lost.value ? "sheet.back" : "sheet.lost")}
      </button>
      {isDemo && <p class="small">{say("in.demo")}</p>}
      <Invited session={session} />
    </Door>
  );
}

export function Locked({ session }: { session: DeskSession }) {
  return (
    <Door
      title={say("lock.h")}
      go={say("lock.go")}
      session={session}
      named={false}
      open={(_, passphrase) => session.unlock(passphrase)}
    >
      <LockedCalls session={session} />
      <LockedGlass session={session} />
      <p class="small">
        <Icon name="lock" /> {say("lock.p")}
      </p>
      <button type="button" class="pill outline" onClick={() => void session.signOut()}>
        {say("head.out")}
      </button>
    </Door>
  );
}
