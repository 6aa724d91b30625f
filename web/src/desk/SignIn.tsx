/** Signing in, and coming back from a lock: two doors with the same lock on them. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { org } from "/org.js";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import { LockedCalls } from "./Calls.tsx";
import { Field, username, Wrong } from "./Field.tsx";
import { LockedGlass } from "./Glass.tsx";
import { arm } from "./sound.ts";
import type { DeskSession } from "./state.ts";
import { say } from "./words.ts";

interface DoorProps {
  readonly title: string;
  readonly go: string;
  readonly session: DeskSession;
  readonly named: boolean;
  /** Whether it asks for a code. Told by the installation, never by the name: nobody learns who has what. */
  readonly coded?: boolean;
  readonly open: (name: string, passphrase: string, code: string) => Promise<void>;
  readonly children?: preact.ComponentChildren;
}

function Door({ title, go, session, named, coded = false, open, children }: DoorProps) {
  const name = useSignal("");
  const passphrase = useSignal("");
  const oneTime = useSignal("");
  const at = useSignal(false);
  const slipped = useSignal(false);
  const id = useId();
  const busy = at.value || session.phase.value === "signing_in";
  const trouble = busy ? undefined : (session.trouble.value ?? (slipped.value ? "failed" : undefined));
  const refusal = coded && trouble === "sign_in_refused" ? "code_needed" : trouble;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    arm();
    const typed = passphrase.value;
    at.value = true;
    slipped.value = false;
    await open(name.value.trim(), typed, coded ? oneTime.value.trim() : "").catch(() => (slipped.value = true));
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
        <Field label={say("in.phrase")} kind="passphrase" value={passphrase} first={!named} wrong={wrong} />
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

/** Where real visitors come everybody has a second factor, so everybody is asked for it. In a demo hardly anybody has. */
export function SignIn({ session }: { session: DeskSession }) {
  const isDemo = org.demo || session.demo.value;
  const coded = useSignal(!isDemo);
  if (!session.pinned) return <NotInUse session={session} />;
  return (
    <Door
      title={say("in.h")}
      go={say("in.go")}
      session={session}
      named
      coded={coded.value}
      open={(name, passphrase, code) => session.signIn(name, passphrase, code)}
    >
      {!coded.value && (
        <button type="button" class="pill" onClick={() => (coded.value = true)}>
          {say("in.also")}
        </button>
      )}
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
