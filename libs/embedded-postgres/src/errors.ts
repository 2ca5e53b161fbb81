/** Why an embedded server could not be used; `message` is one line for the person at the terminal. */
export class EmbeddedPostgresError extends Error {
  /**
   * - `unsupported`: no binaries for this platform;
   * - `unwritable`: the folder cannot be made, written or reached;
   * - `version`: the folder belongs to another major version;
   * - `in-use`: another running process owns the folder;
   * - `port-taken`: the port that was asked for is taken;
   * - `failed`: the server said why it would not start.
   */
  readonly code: 'unsupported' | 'unwritable' | 'version' | 'in-use' | 'port-taken' | 'failed';

  constructor(code: EmbeddedPostgresError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}
