export type { StoreCase, StorePlace, StoreSubject } from './store-contract/subject.ts'
