/**
 * What happens in Redis, each in one step. One hash per name holds all there is about it, so a cluster
 * keeps it on one node whatever the name is:
 *
 * - `entry`: the session's text; absent when there is none
 * - `fence`: the fence under which `entry` was last written or removed
 * - `drawn`: the last fence drawn; one more than the one before, and never less than the clock, so that
 *   fences go on growing after the key has expired
 * - `owner`, `until`: who holds the lock, and when its lease ends
 * - `w1`, `w2`, …: who waits for the lock, in the order they came, each with the time it last asked;
 *   `head` and `tail` are the first and the last number in use. Absent when no store waits
 *
 * The clock is Redis's own, in milliseconds: the workers' clocks need not agree.
 *
 * A full Redis judges a script by its first write. One that removes first, if only nothing, may write what it
 * likes (`go()`): so locks work there, and a session can be renewed and ended. A new one is refused.
 */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function field(name) return redis.call('HGET', KEYS[1], name) end
local function go() redis.call('HDEL', KEYS[1], '') end
local function draw()
  local fence = math.max((tonumber(field('drawn')) or 0) + 1, now)
  redis.call('HSET', KEYS[1], 'drawn', fence)
  return fence
end
local function keep(ms)
  if redis.call('PTTL', KEYS[1]) < ms then redis.call('PEXPIRE', KEYS[1], ms) end
end
`

/** The entry, or nil. */
export const READ = `return redis.call('HGET', KEYS[1], 'entry')`

/** 1 when there is an entry, else 0. */
export const EXISTS = `return redis.call('HEXISTS', KEYS[1], 'entry')`

/** The fence of what was last written or removed, or nil. */
export const FENCE = `return redis.call('HGET', KEYS[1], 'fence')`

/** For how long a waiter that does not ask any more keeps its place, in milliseconds. */
const GONE_MS = 3_000

/** How long the lock is kept for a waiter whose turn has come and that has not asked since, in milliseconds. */
const CLAIM_MS = 2_000

/**
 * Who waits. `first()` finds whoever has waited longest, and forgets those that do not ask any more. `pass()` hands a free
 * lock to it, so that one who has just come cannot take it. If it was killed or stopped, the turn passes to the next.
 */
const WAITERS = `
local function waiter(n)
  local owner, asked = string.match(field('w' .. n) or '', '^(%S+) (%d+)$')
  if owner and now - asked < ${GONE_MS} then return owner end
end
local function first()
  local tail = tonumber(field('tail')) or 0
  for n = tonumber(field('head')) or 1, tail do
    local owner = waiter(n)
    if owner then
      redis.call('HSET', KEYS[1], 'head', n)
      return n, owner
    end
    redis.call('HDEL', KEYS[1], 'w' .. n)
  end
  redis.call('HDEL', KEYS[1], 'head', 'tail')
end
local function pass()
  local n, owner = first()
  if not n then return redis.call('HDEL', KEYS[1], 'owner', 'until') end
  redis.call('HDEL', KEYS[1], 'w' .. n)
  redis.call('HSET', KEYS[1], 'owner', owner, 'until', now + ${CLAIM_MS})
end
`

/**
 * Owner, lease, how long the key is kept, number in the queue ('' at first). Returns the fence; while others hold the lock
 * or come first, 0, the number and how many come first.
 */
export const LOCK = `${CLOCK}${WAITERS}
go()
local me, n = ARGV[1], tonumber(ARGV[4])
local isFree = not field('owner') or field('owner') ~= me and tonumber(field('until')) <= now
if isFree then pass() end
if field('owner') and field('owner') ~= me then
  if not n or waiter(n) ~= me then
    n = (tonumber(field('tail')) or 0) + 1
    redis.call('HSET', KEYS[1], 'tail', n)
  end
  redis.call('HSET', KEYS[1], 'w' .. n, me .. ' ' .. now)
  keep(tonumber(ARGV[3]))
  return {0, n, n - (first() or n)}
end
local fence = draw()
redis.call('HSET', KEYS[1], 'owner', me, 'until', now + ARGV[2])
keep(tonumber(ARGV[3]))
return {fence}
`

/** Owner, lease. An expired lease is extended if no other store took the lock since. Returns 1, otherwise 0. */
export const EXTEND = `${CLOCK}
if field('owner') ~= ARGV[1] then return 0 end
go()
redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
return 1
`

/** Owner, number in the queue (or ''). The owner's own lock is handed to the next; a waiter's place is given up. */
export const RELEASE = `${CLOCK}${WAITERS}
go()
local n = tonumber(ARGV[2])
if n and waiter(n) == ARGV[1] then redis.call('HDEL', KEYS[1], 'w' .. n) end
if field('owner') == ARGV[1] then pass() end
`

/**
 * Fence of the lock ('' outside of one), oldest age of a fence, time to live, channel, sender, entry.
 * 0, and nothing is written, when something newer is there or may have been forgotten since.
 */
export const WRITE = `${CLOCK}
local fence = tonumber(ARGV[1])
if fence and (fence < (tonumber(field('fence')) or 0) or fence < now - ARGV[2]) then return 0 end
if field('entry') then go() end
redis.call('HSET', KEYS[1], 'entry', ARGV[6], 'fence', fence or draw())
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`

/** How long the fence is kept, channel, sender. Gives the fence that late writers run into. */
export const REMOVE = `${CLOCK}
go()
local fence = draw()
redis.call('HDEL', KEYS[1], 'entry')
redis.call('HSET', KEYS[1], 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return fence
`
