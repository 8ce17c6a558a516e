import { env } from 'node:process'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'
import type { Credential } from './fresh-credential.ts'
import { isNever } from './instants.ts'

/** How `token` prints a token. */
export type TokenFormat = 'token' | 'header' | 'json' | 'exec-credential' | 'credential-process'

const GROUP = 'client.authentication.k8s.io'

/**
 * Returns the answer of a credential plugin for kubectl and other Kubernetes clients (`client.authentication.k8s.io`).
 * They keep the token until it expires, and send it as `Authorization: Bearer`.
 *
 * @throws {Failure} When the session's server expects the token in another header.
 */
export function execCredential({ token, expiresAt, header }: Credential): object {
  const [name, value] = header
  if (name.toLowerCase() !== 'authorization' || value !== `Bearer ${token}`) {
    throw new Failure(
      ExitCode.usage,
      `Kubernetes clients send a token as "Authorization: Bearer", but this session's server takes it in another way (${name}).`,
    )
  }
  const expirationTimestamp = instant(expiresAt)
  return {
    apiVersion: requestedVersion(),
    kind: 'ExecCredential',
    status: { token, ...(expirationTimestamp && { expirationTimestamp }) },
  }
}

/** Returns the API version that the client asks for, because it refuses any other. */
function requestedVersion(): string {
  try {
    const { apiVersion } = JSON.parse(env['KUBERNETES_EXEC_INFO'] ?? '') as { apiVersion?: unknown }
    if (apiVersion === `${GROUP}/v1beta1`) return apiVersion
  } catch {
    // A user ran the command, or the client did not name a version.
  }
  return `${GROUP}/v1`
}

/**
 * Returns an answer in the shape of AWS' `credential_process`. `Version` and `Expiration` mean the same, and `Token` is
 * the name that AWS' own endpoints use for a session token. AWS' SDKs refuse it, because it does not contain keys.
 */
export function credentialProcess({ token, expiresAt, header: [name, value] }: Credential): object {
  const expiration = instant(expiresAt)
  return {
    Version: 1,
    Token: token,
    Header: `${name}: ${value}`,
    ...(expiration && { Expiration: expiration }),
  }
}

/** Formats a time by RFC 3339, in whole seconds. `undefined`: unknown, or never. */
function instant(at: number | undefined): string | undefined {
  if (at === undefined || isNever(at)) return undefined
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
