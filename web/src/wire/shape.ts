/** Readers for what the other side says: each gives the value in its type, or `undefined` when it is something else. */

export type Reads<T> = (value: unknown) => T | undefined;
type Value<R> = R extends Reads<infer T> ? T : never;
export type Fields = Readonly<Record<string, Reads<unknown>>>;
export type RecordOf<F extends Fields, O extends Fields> = { readonly [K in keyof F]: Value<F[K]> } & {
  readonly [K in keyof O]?: Value<O[K]>;
};

/** A whole number that JavaScript holds exactly; the wire's u64 may be larger, and such a one is refused. */
export const whole: Reads<number> = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

export const flag: Reads<boolean> = (value) => (typeof value === "boolean" ? value : undefined);

export function words(longest: number): Reads<string> {
  return (value) => (typeof value === "string" && value.length <= longest ? value : undefined);
}

export function oneOf<const T extends string | number>(...allowed: readonly T[]): Reads<T> {
  return (value) => allowed.find((one) => one === value);
}

/** Exactly *length* bytes. */
export function bytes(length: number): Reads<Uint8Array> {
  return (value) => (value instanceof Uint8Array && value.length === length ? value : undefined);
}

export function bytesUpTo(longest: number): Reads<Uint8Array> {
  return (value) => (value instanceof Uint8Array && value.length <= longest ? value : undefined);
}

/** Nothing at all, or exactly *length* bytes. */
export function bytesOrNone(length: number): Reads<Uint8Array> {
  return (value) =>
    value instanceof Uint8Array && (value.length === 0 || value.length === length) ? value : undefined;
}

export function orNil<T>(read: Reads<T>): Reads<T | null> {
  return (value) => (value === null ? null : read(value));
}

export function list<T>(read: Reads<T>, longest: number): Reads<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > longest) return undefined;
    const items: T[] = [];
    for (const one of value) {
      const item = read(one);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  };
}

const NONE = {} as const;

/** A map with exactly these fields, and perhaps the optional ones: a surplus field is refused like a missing one. */
export function record<F extends Fields, O extends Fields = typeof NONE>(
  fields: F,
  optional?: O,
): Reads<RecordOf<F, O>> {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      return undefined;
    }
    const out: Record<string, unknown> = {};
    for (const [name, found] of Object.entries(value)) {
      const read = own(fields, name) ?? own(optional ?? NONE, name);
      const good = read?.(found);
      if (good === undefined) return undefined;
      out[name] = good;
    }
    for (const name of Object.keys(fields)) if (!Object.hasOwn(out, name)) return undefined;
    return out as RecordOf<F, O>;
  };
}

function own(fields: Fields, name: string): Reads<unknown> | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
