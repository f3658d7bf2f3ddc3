package dev.filigree.config;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** Writes configuration as YAML that {@link ConfigReader} reads back to the same values. */
public final class ConfigWriter {
  private static final DumpSettings SETTINGS =
      DumpSettings.builder()
          .setDefaultFlowStyle(FlowStyle.BLOCK)
          .setIndent(2)
          .setWidth(120)
          .setDereferenceAliases(true)
          .build();

  private ConfigWriter() {}

  /** The YAML text of plain Java values: String, Number, Boolean, null, List, Map. */
  public static String toYaml(@Nullable Object value) {
    return new Dump(SETTINGS).dumpToString(value);
  }
}
