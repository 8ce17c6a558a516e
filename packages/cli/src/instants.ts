/** The end of the year 9999. Servers send later times to mean "never"; calendars and other programs cannot express them. */
const LAST_INSTANT = 253_402_300_799_999

/** Whether a time means "never". */
export const isNever = (at: number | undefined): boolean => at !== undefined && at > LAST_INSTANT
