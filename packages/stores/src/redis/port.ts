/**
 * The few things that the store asks of Redis. Clients of `redis`, `ioredis` and `iovalkey` are recognised; around a client
 * of another library, write one yourself.
 */
export interface RedisPort {
  /** Whether the client is connected, or is connecting again by itself. If false, a call fails at once. */
  isOpen(): boolean
  /**
   * Runs a Lua script on one key (`EVAL`). Rejects without a connection, rather than sending the script later.
   * Redis' own refusals are errors whose message begins with Redis' word for them (`NOPERM …`).
   *
   * @param signal Aborts when the store has given up: a script that is not sent yet should not be sent any more.
   */
  runScript(
    script: string,
    key: string,
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<unknown>
  /** For each server that holds keys, how to list them. */
  keyScans(): Promise<KeyScan[]>
  /** Opens what hears published messages: a second connection, which keeps no process alive. */
  listen(events: RedisListenerEvents): RedisListener
}

/** One page of the hashes whose keys match a pattern (`SCAN … MATCH … TYPE hash`), from `cursor` on; `'0'` begins and ends. */
export type KeyScan = (
  cursor: string,
  pattern: string,
) => Promise<{ cursor: string; keys: string[] }>

/** What the store wants to know of a connection that listens. */
export interface RedisListenerEvents {
  /** A message came. What it says is not looked at. */
  onMessage(channel: string): void
  /** It hears again, after a time in which messages may have been missed. */
  onReconnected(): void
  /** It will hear nothing any more: the client was closed. */
  onEnd(): void
}

/** A connection that listens. */
export interface RedisListener {
  /** Resolves once messages are heard. */
  subscribe(channel: string): Promise<unknown>
  /** Hears no more of a channel. */
  unsubscribe(channel: string): Promise<unknown>
  /** Ends the connection. */
  close(): void
}

/** How many keys Redis looks at in one step of a scan. */
export const SCAN_STEP = 500

/** `text` as a pattern that matches only itself. */
export const escapePattern = (text: string): string => text.replaceAll(/[\\*?[\]]/g, '\\$&')
