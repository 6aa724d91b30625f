/** One labelled line to type in, and what was wrong with the last try. */

import { useEffect, useId, useRef } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { explain } from "./trouble.ts";

// A password manager may help: remembering a long passphrase is not a test.
export const username = { type: "text", autocomplete: "username" } as const;
const kinds = {
  username,
  passphrase: { type: "password", autocomplete: "current-password" },
  // Letters, too: a code from paper goes into the same field.
  code: { type: "text", autocomplete: "one-time-code", autocapitalize: "off" },
  /** Nothing that a browser should remember. */
  words: { type: "text", autocomplete: "off", autocapitalize: "off" },
} as const;

interface FieldProps {
  readonly label: string;
  readonly kind: keyof typeof kinds;
  readonly value: { value: string };
  readonly first?: boolean;
  /** Id of what is wrong with it. */
  readonly wrong?: string | undefined;
  readonly longest?: number;
}

export function Field({ label, kind, value, first = false, wrong, longest }: FieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (first) input.current?.focus();
  }, []);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={input}
        class="box"
        {...kinds[kind]}
        {...(longest === undefined ? {} : { maxLength: longest })}
        spellcheck={false}
        required
        aria-describedby={wrong}
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
    </div>
  );
}

export function Wrong({ id, code }: { id: string; code: string | undefined }) {
  return <Warning id={id} text={code === undefined ? undefined : explain(code)} />;
}

/** Told at once to whoever listens. */
export function Warning({ id, text }: { id: string; text: string | undefined }) {
  useEffect(() => {
    if (text !== undefined) alarm(text);
  }, [text]);
  if (text === undefined) return null;
  return (
    <p id={id} class="card warn with-icon">
      <Icon name="warn" />
      {text}
    </p>
  );
}
