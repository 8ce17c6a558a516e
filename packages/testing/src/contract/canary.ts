/** Part of every token that the contract's servers issue: must not be seen in anything printed. */
export const CANARY = 'CANARY-7f3a'
