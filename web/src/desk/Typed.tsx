/** One line to type into, under its name. */

import type { Signal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";

interface TypedProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly kind?: "text" | "code" | "passphrase";
  /** Id of what is wrong with it. */
  readonly wrong?: string | undefined;
  readonly first?: boolean;
}

const kinds = {
  text: { type: "text", autocomplete: "off" },
  code: { type: "text", autocomplete: "one-time-code" },
  passphrase: { type: "password", autocomplete: "current-password" },
} as const;

export function Typed({ label, value, kind = "text", wrong, first = false }: TypedProps) {
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
        autocapitalize="off"
        spellcheck={false}
        required
        aria-describedby={wrong}
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
    </div>
  );
}
