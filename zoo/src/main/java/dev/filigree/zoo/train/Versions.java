package dev.filigree.zoo.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;

/** What a run was made with. */
final class Versions {
  private Versions() {}

  static Map<String, Object> all() {
    var versions = new LinkedHashMap<String, Object>();
    String own = Versions.class.getPackage().getImplementationVersion();
    versions.put("filigree", own == null ? "development" : own);
    versions.put("libtorch", torch.TORCH_VERSION);
    versions.put("java", Runtime.version().toString());
    versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    versions.put("processors", Runtime.getRuntime().availableProcessors());
    return versions;
  }
}
