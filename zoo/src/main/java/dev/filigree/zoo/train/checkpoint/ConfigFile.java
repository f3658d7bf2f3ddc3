package dev.filigree.zoo.train.checkpoint;

import dev.filigree.config.ConfigWriter;
import dev.filigree.zoo.config.RunConfig;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The resolved configuration of a run, and with which versions it runs: {@code config.yaml} of its
 * folder and of every checkpoint. For Filigree's own packages.
 */
public final class ConfigFile {
  /** The resolved configuration's name in a run's folder and in a checkpoint. */
  public static final String NAME = "config.yaml";

  private ConfigFile() {}

  /** The content of the file. */
  public static byte[] bytes(RunConfig config) {
    Map<String, Object> root = config.toConfig();
    var own = new LinkedHashMap<String, Object>();
    own.put("notes", config.notes());
    own.put("versions", versions());
    root.put("filigree", own);
    return ConfigWriter.toYaml(root).getBytes(StandardCharsets.UTF_8);
  }

  /** The versions that a run is made with: of Filigree, libtorch, Java and the system. */
  public static Map<String, Object> versions() {
    var versions = new LinkedHashMap<String, Object>();
    versions.put("filigree", version(ConfigFile.class));
    versions.put("libtorch", version(Tensor.class));
    versions.put("java", Runtime.version().toString());
    versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    versions.put("processors", Runtime.getRuntime().availableProcessors());
    return versions;
  }

  /** The version of the jar that a class came in. */
  private static String version(Class<?> of) {
    @Nullable String version = of.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
