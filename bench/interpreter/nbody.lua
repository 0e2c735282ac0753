-- Planets that attract each other: fields of tables, floating point.
local function body(mass, x, y, z, vx, vy, vz)
	return { mass = mass, x = x, y = y, z = z, vx = vx, vy = vy, vz = vz }
end

local bodies = {
	body(39.47, 0, 0, 0, 0, 0, 0),
	body(0.037, 4.84, -1.16, -0.10, 0.606, 2.81, -0.02),
	body(0.011, 8.34, 4.12, -0.4, -1.01, 1.82, 0.008),
	body(0.0017, 12.89, -15.11, -0.22, 1.08, 0.868, -0.01),
	body(0.002, 15.37, -25.9, 0.179, 0.979, 0.594, -0.034),
}

local function advance(all, dt)
	for i = 1, #all do
		local a = all[i]
		for j = i + 1, #all do
			local b = all[j]
			local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
			local square = dx * dx + dy * dy + dz * dz
			local pull = dt / (square * math.sqrt(square))
			local from, to = b.mass * pull, a.mass * pull
			a.vx, a.vy, a.vz = a.vx - dx * from, a.vy - dy * from, a.vz - dz * from
			b.vx, b.vy, b.vz = b.vx + dx * to, b.vy + dy * to, b.vz + dz * to
		end
	end
	for i = 1, #all do
		local a = all[i]
		a.x, a.y, a.z = a.x + dt * a.vx, a.y + dt * a.vy, a.z + dt * a.vz
	end
end

for _ = 1, 120000 do advance(bodies, 0.01) end
for _, b in ipairs(bodies) do print(string.format("%.6f %.6f %.6f", b.x, b.y, b.z)) end
