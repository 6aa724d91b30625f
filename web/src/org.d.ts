/** The organisation that this installation is pinned to; the server makes `/org.js` and the import map covers its integrity. */
export const org: {
  readonly organisation: string;
  readonly name: string;
  /** Ed25519 public key of the organisation root, hex. */
  readonly root: string;
  readonly line: string;
  readonly lineName: string;
  readonly exitUrl: string;
  readonly retentionDays: number;
  /** Lines that keep for another number of days. */
  readonly retentionOf: Readonly<Record<string, number>>;
  readonly demo: boolean;
};
