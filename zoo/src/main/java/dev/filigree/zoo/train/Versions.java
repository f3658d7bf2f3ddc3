package dev.filigree.zoo.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** What a run was made with. */
final class Versions {
  private Versions() {}

  static Map<String, Object> all() {
    var versions = new LinkedHashMap<String, Object>();
    versions.put("filigree", version(Versions.class));
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
