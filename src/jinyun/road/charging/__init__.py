"""Charging (充电): the central system that chargers speak OCPP to, and when the shuttles charge so that none is late."""
