-- Takes from one counter, or says when to try again.
-- KEYS[1]: a hash of step -> taken in it, and `tat` -> when its burst is paid back.
local quota, cost = tonumber(ARGV[1]), tonumber(ARGV[2])
local step_ms, steps = tonumber(ARGV[3]), tonumber(ARGV[4])
local interval, size = tonumber(ARGV[5]), tonumber(ARGV[6])
local now = tonumber(ARGV[7])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local step = math.floor(now / step_ms)

local flat = redis.call('HGETALL', KEYS[1])
local taken, order, used, tat = {}, {}, 0, 0
for i = 1, #flat, 2 do
  if flat[i] == 'tat' then
    tat = tonumber(flat[i + 1])
  else
    local at = tonumber(flat[i])
    if at + steps <= step then
      redis.call('HDEL', KEYS[1], flat[i])
    else
      taken[at] = tonumber(flat[i + 1])
      used = used + taken[at]
      order[#order + 1] = at
    end
  end
end
table.sort(order)

local function wait_until(most)
  local left = used
  for _, at in ipairs(order) do
    left = left - taken[at]
    if left <= most then
      return (at + steps) * step_ms - now
    end
  end
  return 0
end

local wait, by_burst = 0, 0
if used + cost > quota then
  wait = wait_until(quota - cost)
end
local paid_back = tat
if size > 0 then
  paid_back = math.max(tat, now) + interval * math.min(cost, size)
  local burst_wait = paid_back - (now + interval * size)
  if burst_wait > wait then
    wait, by_burst = burst_wait, 1
  end
end

local let_in = 0
if wait == 0 then
  let_in = 1
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', step), cost)
  if taken[step] then
    taken[step] = taken[step] + cost
  else
    taken[step] = cost
    order[#order + 1] = step
  end
  used = used + cost
  if size > 0 then
    redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', paid_back))
  end
  redis.call('PEXPIRE', KEYS[1], math.max(steps * step_ms, paid_back - now) + 1000)
end

local reset = 0
if used > 0 then
  reset = wait_until(used - 1)
end
return { let_in, used, reset, wait, by_burst, now }
