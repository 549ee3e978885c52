-- Ports that were open, each with the sweeps that it has been silent for, so that a
-- restart of the appliance makes no silence a pass.
ALTER TABLE posture_device ADD COLUMN open TEXT NOT NULL DEFAULT '';
