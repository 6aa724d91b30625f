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
  readonly open: (name: string, passphrase: string) => Promise<void>;
  readonly children?: preact.ComponentChildren;
}

function Door({ title, go, session, named, open, children }: DoorProps) {
  const name = useSignal("");
  const passphrase = useSignal("");
  const at = useSignal(false);
  const slipped = useSignal(false);
  const id = useId();
  const busy = at.value || session.phase.value === "signing_in";
  const code = busy ? undefined : (session.trouble.value ?? (slipped.value ? "failed" : undefined));

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    arm();
    const typed = passphrase.value;
    at.value = true;
    slipped.value = false;
    await open(name.value.trim(), typed).catch(() => (slipped.value = true));
    at.value = false;
    passphrase.value = "";
  }
  const wrong = code === undefined ? undefined : id;
  return (
    <main class="door">
      <Mark />
      <form class="card rows" onSubmit={submit}>
        <h1>{title}</h1>
        <Wrong id={id} code={code} />
        {/* So that a password manager knows whose passphrase it is. */}
        {!named && <input hidden readOnly {...username} value={session.name.value} />}
        {named && <Field label={say("in.name")} kind="name" value={name} first wrong={wrong} />}
        <Field label={say("in.phrase")} kind="passphrase" value={passphrase} first={!named} wrong={wrong} />
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

export function SignIn({ session }: { session: DeskSession }) {
  if (!session.pinned) return <NotInUse session={session} />;
  return (
    <Door
      title={say("in.h")}
      go={say("in.go")}
      session={session}
      named
      open={(name, passphrase) => session.signIn(name, passphrase)}
    >
      {(org.demo || session.demo.value) && <p class="small">{say("in.demo")}</p>}
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
