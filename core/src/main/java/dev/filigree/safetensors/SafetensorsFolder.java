package dev.filigree.safetensors;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * The tensors of a folder in Hugging Face's layout: one {@code model.safetensors}, or several files
 * and a {@code model.safetensors.index.json} that says which tensor is in which.
 */
public final class SafetensorsFolder implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private static final Pattern FILE_NAME = Pattern.compile("\\w[\\w.-]*");

  private final Map<String, SafetensorsFile> files = new LinkedHashMap<>();
  private final Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
  private final Map<String, TensorEntry> entries = new LinkedHashMap<>();

  private SafetensorsFolder() {}

  /**
   * Opens every file of the folder and checks their headers.
   *
   * @throws SafetensorsException when a file is missing or bad, or does not hold just the tensors
   *     that the index places in it, or is of the set but not in the index
   */
  public static SafetensorsFolder open(Path folder) {
    var opened = new SafetensorsFolder();
    try {
      if (Files.exists(folder.resolve(SINGLE))) {
        SafetensorsFile file = opened.file(folder, SINGLE);
        file.entries().keySet().forEach(name -> opened.put(name, file));
      } else if (Files.exists(folder.resolve(INDEX))) {
        opened.readIndex(folder);
      } else {
        throw new SafetensorsException(
            "%s: holds neither %s nor %s%s".formatted(folder, SINGLE, INDEX, others(folder)));
      }
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** Weights under other names, for the message that there are none. */
  private static String others(Path folder) {
    var names = new TreeSet<String>();
    try (var files =
        Files.newDirectoryStream(folder, "*.{safetensors,bin,pt,pth,gguf,h5,msgpack,index.json}")) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    } catch (IOException e) {
      return "";
    }
    return names.isEmpty() ? "" : ", but " + String.join(", ", names);
  }

  private void readIndex(Path folder) {
    ConfigMap index = ConfigReader.read(folder.resolve(INDEX)).asMap();
    ConfigMap places = index.require("weight_map").asMap();
    for (var place : places.entries().entrySet()) {
      String name = place.getKey();
      String shard = place.getValue().asString();
      if (!FILE_NAME.matcher(shard).matches()) {
        throw new SafetensorsException(
            "%s: places '%s' in '%s', which is not a file of this folder"
                .formatted(folder.resolve(INDEX), name, shard));
      }
      SafetensorsFile file = file(folder, shard);
      if (!file.entries().containsKey(name)) {
        throw new SafetensorsException(
            "%s: has no tensor '%s', which %s places in it"
                .formatted(folder.resolve(shard), name, INDEX));
      }
      put(name, file);
    }
    checkNothingIsLeftOut(folder);
  }

  /** The index must name every tensor of its files, and every file of the set. */
  private void checkNothingIsLeftOut(Path folder) {
    files.forEach(
        (shard, file) -> {
          for (String name : file.entries().keySet()) {
            if (fileOf.get(name) != file) {
              throw new SafetensorsException(
                  "%s: holds a tensor '%s', which %s does not place in it"
                      .formatted(folder.resolve(shard), name, INDEX));
            }
          }
        });
    try (var shards = Files.newDirectoryStream(folder, "model-*-of-*.safetensors")) {
      for (Path shard : shards) {
        if (!files.containsKey(shard.getFileName().toString())) {
          throw new SafetensorsException(
              "%s: %s places no tensor in it; delete what is stale".formatted(shard, INDEX));
        }
      }
    } catch (IOException e) {
      throw new SafetensorsException(folder + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private SafetensorsFile file(Path folder, String name) {
    return files.computeIfAbsent(name, key -> SafetensorsFile.open(folder.resolve(key)));
  }

  private void put(String name, SafetensorsFile file) {
    fileOf.put(name, file);
    entries.put(name, Objects.requireNonNull(file.entries().get(name)));
  }

  /** Every tensor by name; offsets are those within its own file. */
  public Map<String, TensorEntry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /**
   * Reads one tensor into new CPU memory.
   *
   * @throws SafetensorsException when there is no such tensor, or its bytes cannot be read
   */
  public Tensor read(String name) {
    SafetensorsFile file = fileOf.get(name);
    if (file == null) {
      throw new SafetensorsException("there is no tensor '" + name + "'");
    }
    return file.read(name);
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }
}
