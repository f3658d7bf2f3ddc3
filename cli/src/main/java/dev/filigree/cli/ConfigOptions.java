package dev.filigree.cli;

import dev.filigree.sparsity.Execution;
import dev.filigree.zoo.config.Device;
import dev.filigree.zoo.config.RunConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The configuration of a run: a file and what the command line changes in it. */
final class ConfigOptions {
  @Parameters(
      paramLabel = "CONFIG.yaml",
      arity = "0..1",
      description = "The run's configuration. Default: a small Llama on the JDK's own sources.")
  private @Nullable Path file;

  @Option(
      names = {"-s", "--set"},
      paramLabel = "key.path=value",
      description = "Changes a value of the configuration, such as -s sparsity=0.9. Repeatable.")
  private List<String> settings = new ArrayList<>();

  @Option(names = "--steps", paramLabel = "N", description = "Ends at step N, counted from 0.")
  private @Nullable Long steps;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda[:N]",
      converter = DeviceConverter.class,
      description = "Where to compute; N is the number of a GPU.")
  private @Nullable Device device;

  @Option(
      names = "--execution",
      paramLabel = "auto|masked|compressed",
      description = "How sparse weights are stored and multiplied.")
  private @Nullable Execution execution;

  /** The file, if one was given. */
  @Nullable Path file() {
    return file;
  }

  /** All changes to the file, those of the short options last. */
  List<String> overrides() {
    var overrides = new ArrayList<>(settings);
    if (steps != null) {
      overrides.add("loop.stop_at=" + steps);
    }
    if (device != null) {
      overrides.add("backend.backend_type=" + device);
    }
    if (execution != null) {
      overrides.add("execution=" + lower(execution));
    }
    return overrides;
  }

  /** Reads the configuration with the changes, and further ones after them. */
  RunConfig read(List<String> more) {
    var overrides = overrides();
    overrides.addAll(more);
    if (file == null) {
      return RunConfig.defaults(overrides);
    }
    if (!Files.isRegularFile(file)) {
      throw new UsageException(file + ": no such file");
    }
    return RunConfig.read(file, overrides);
  }

  /** A name for runs of this configuration. */
  String name() {
    return file == null
        ? "default"
        : file.getFileName().toString().replaceFirst("\\.(yaml|yml|json)$", "");
  }

  /** Reads {@code --device}. */
  static final class DeviceConverter implements ITypeConverter<Device> {
    @Override
    public Device convert(String name) {
      return Device.of(name)
          .orElseThrow(
              () -> new TypeConversionException("allowed: " + Device.NAMES + "; found " + name));
    }
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
