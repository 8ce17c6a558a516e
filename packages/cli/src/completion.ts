import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** `latchkey complete zsh|bash|fish|powershell` prints the script. The shell then calls `complete --`. */
export function addCompletion(program: Command): void {
  tab(program)
}
