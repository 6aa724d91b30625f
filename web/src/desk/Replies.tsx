/** Canned replies: find one and it stands at the cursor of the message box. Nothing here sends anything. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { languages, ownName } from "../words/speak.ts";
import type { Desk } from "./desk.ts";
import { useModal } from "./modal.ts";
import { find, type Kept, type Replies as Kit, type Reply, type ReplyDraft } from "./replies.ts";
import { language, say } from "./words.ts";

const failures = {
  changed: "rep.changed",
  full: "rep.full",
  long: "rep.long",
  failed: "rep.failed",
} as const satisfies Record<Exclude<Kept, "kept">, string>;

function One({ reply, use, change }: { reply: Reply; use: () => void; change: () => void }) {
  const name = reply.name === "" ? reply.text.slice(0, 40) : reply.name;
  return (
    <li class="reply">
      <button type="button" class="command" lang={reply.language} onClick={use}>
        <span>
          <b dir="auto">{name}</b>
          <span class="small preview" dir="auto">
            {reply.text}
          </span>
        </span>
        {reply.scope === "team" && <span class="chip team">{say("rep.shared")}</span>}
      </button>
      <button type="button" class="pill" onClick={change}>
        {say("rep.edit")}
        <span class="spoken"> {name}</span>
      </button>
    </li>
  );
}

function Field({ label, value, rows }: { label: string; value: Signal<string>; rows: number }) {
  const id = useId();
  const take = (event: { currentTarget: { value: string } }): void => {
    value.value = event.currentTarget.value;
  };
  const same = { id, class: "box", dir: "auto", autocomplete: "off", spellcheck: false, onInput: take } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === 1 ? <input {...same} value={value.value} /> : <textarea {...same} rows={rows} value={value.value} />}
    </div>
  );
}

function Edit({ kit, reply, close }: { kit: Kit; reply: Reply | undefined; close: () => void }) {
  const [name, text] = [useSignal(reply?.name ?? ""), useSignal(reply?.text ?? "")];
  const spoken = useSignal(reply?.language ?? language.value);
  const shared = useSignal(reply?.scope === "team");
  const form = useRef<HTMLFormElement>(null);
  const [id, box] = [useId(), useId()];
  useEffect(() => form.current?.querySelector("input")?.focus(), []);

  function told(kept: Kept): void {
    if (kept !== "kept") alarm(say(failures[kept]));
    if (kept === "kept" || kept === "changed") close();
  }
  function save(event: SubmitEvent): void {
    event.preventDefault();
    if (text.value.trim() === "") return;
    const draft: ReplyDraft = {
      id: reply?.id,
      scope: shared.value ? "team" : "own",
      language: spoken.value,
      name: name.value.trim(),
      text: text.value,
    };
    void kit.save(draft).then(told);
  }
  return (
    <form ref={form} class="rows" onSubmit={save}>
      <Field label={say("rep.name")} value={name} rows={1} />
      <Field label={say("rep.text")} value={text} rows={4} />
      <div class="field">
        <label for={id}>{say("rep.lang")}</label>
        <select
          id={id}
          class="box"
          value={spoken.value}
          onChange={(event) => (spoken.value = event.currentTarget.value)}
        >
          {languages.map((one) => (
            <option key={one} value={one}>
              {ownName[one]}
            </option>
          ))}
        </select>
      </div>
      {reply === undefined && (
        <label class="choice" for={box}>
          <input
            id={box}
            type="checkbox"
            checked={shared.value}
            onChange={(event) => (shared.value = event.currentTarget.checked)}
          />
          {say("rep.team")}
        </label>
      )}
      <div class="buttons">
        <button type="submit" class="pill full">
          {say("rep.save")}
        </button>
        {reply !== undefined && (
          <button type="button" class="pill outline" onClick={() => void kit.remove(reply).then(told)}>
            {say("rep.remove")}
          </button>
        )}
        <button type="button" class="pill outline" onClick={close}>
          {say("rep.back")}
        </button>
      </div>
    </form>
  );
}

interface ListProps {
  readonly kit: Kit;
  readonly state: string;
  readonly use: (reply: Reply) => void;
  readonly edit: (reply: Reply | "new") => void;
}

function List({ kit, state, use, edit }: ListProps) {
  const letters = useSignal("");
  const box = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => box.current?.focus(), []);
  const found = find(kit.all.value, letters.value, language.value);
  return (
    <>
      <label for={id} class="small">
        {say("rep.find")}
      </label>
      <input
        ref={box}
        id={id}
        class="box"
        autocomplete="off"
        spellcheck={false}
        value={letters.value}
        onInput={(event) => (letters.value = event.currentTarget.value)}
      />
      {state === "failed" && <p role="alert">{say("rep.failed")}</p>}
      {state === "read" && found.length === 0 && (
        <p class="small">{say(kit.all.value.length === 0 ? "rep.empty" : "rep.none")}</p>
      )}
      <ol class="found">
        {found.map((reply) => (
          <One key={`${reply.scope}${reply.id}`} reply={reply} use={() => use(reply)} change={() => edit(reply)} />
        ))}
      </ol>
      <button type="button" class="pill outline" onClick={() => edit("new")}>
        {say("rep.new")}
      </button>
    </>
  );
}

export function RepliesDialog({ desk, conv, kit }: { desk: Desk; conv: string; kit: Kit }) {
  const { dialog, shut, restore } = useModal();
  const edited = useSignal<Reply | "new" | undefined>(undefined);
  const state = useSignal<"reading" | "read" | "failed">("reading");
  useEffect(() => {
    void kit.read().then((well) => (state.value = well ? "read" : "failed"));
  }, []);
  function use(reply: Reply): void {
    shut();
    setTimeout(() => desk.insert(conv, reply.text), 0);
  }
  return (
    <dialog
      ref={dialog}
      class="commands"
      aria-label={say("rep")}
      onClose={() => {
        restore();
        desk.replying.value = undefined;
      }}
    >
      {edited.value === undefined ? (
        <List kit={kit} state={state.value} use={use} edit={(reply) => (edited.value = reply)} />
      ) : (
        <Edit
          kit={kit}
          reply={edited.value === "new" ? undefined : edited.value}
          close={() => (edited.value = undefined)}
        />
      )}
    </dialog>
  );
}
