/** What all services share, and what one of them has for itself. */
export default {
  FS_DATA: "./data",
  FS_TEMP: "./temp",
  LOG_LEVEL: "info",
  services: {
    orders: { FS_DATA: "./data/orders" }, // storages and runs of its own
    archive: { BACKUP_KEEP: 30 },
  },
};
