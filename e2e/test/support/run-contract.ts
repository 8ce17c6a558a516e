import { adapterContract, type AdapterSubject } from '@latchkey/testing/adapter-contract'
import {
  type ContractServers,
  startContractServers,
  type TokenReading,
} from '@latchkey/testing/node'
import { afterAll, beforeAll, test } from 'vitest'

/** `adapterContract()` as tests. A title of '%s', since vitest cuts a '$name' off after 40 characters. */
export function runContract(subject: AdapterSubject, reading?: TokenReading): void {
  let servers: ContractServers
  beforeAll(async () => {
    servers = await startContractServers(reading)
  })
  afterAll(() => servers.close())

  const cases = adapterContract().map((one) => [one.name, one] as const)
  test.concurrent.for(cases)('%s', async ([, { run }], { expect }) => {
    await expect(run(subject, servers)).resolves.toBeUndefined()
  })
}
