import { type CaseOrder, runCases } from './cases.ts'

// Run by Node, Bun and Deno as it is: the order is the argument, the results are what is printed.
const order = JSON.parse(process.argv[2] ?? '') as CaseOrder
console.log(JSON.stringify(await runCases(order)))
