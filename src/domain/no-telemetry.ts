/** Keeps what Stepdown starts from reporting to its makers; `docs/security.md` says what was found. */
export const NO_TELEMETRY = {
  DO_NOT_TRACK: '1',
  ORT_DISABLE_TELEMETRY: '1',
  TEMPORAL_VERSION_CHECK_DISABLED: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_OFFLINE: '1', // models and tokenizers are files of the specification
};
