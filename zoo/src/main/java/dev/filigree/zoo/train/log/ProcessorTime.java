package dev.filigree.zoo.train.log;

import org.jspecify.annotations.Nullable;

/** What the processors computed for this process, over all its threads. */
final class ProcessorTime {
  private ProcessorTime() {}

  /** Seconds since the process began; null where the system does not tell. */
  static @Nullable Double seconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(duration -> duration.toNanos() / 1e9)
        .orElse(null);
  }
}
