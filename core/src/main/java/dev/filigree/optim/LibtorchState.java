package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.InputArchive;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The state of a libtorch optimizer, which the binding does not map. An optimizer that loads an
 * archive takes the archive's tensors for its state, and reading them from the same archive gives
 * those tensors again: that links our maps to the state in use.
 */
final class LibtorchState {
  private final org.bytedeco.pytorch.Optimizer optimizer;
  private final List<Tensor> parameters = new ArrayList<>();
  private final Map<Long, Linked> states = new LinkedHashMap<>();
  private boolean stale = true; // the optimizer has state that the maps have not
  private boolean linking;

  LibtorchState(org.bytedeco.pytorch.Optimizer optimizer, List<ParameterGroup> groups) {
    this.optimizer = optimizer;
    for (ParameterGroup group : groups) {
      for (Tensor parameter : group.parameters()) {
        parameters.add(parameter);
        states.put(Tensors.identity(parameter), new Linked());
      }
    }
  }

  /** The map of a parameter; remembers whether it differs from what the optimizer uses. */
  private final class Linked extends ParameterState {
    private boolean edited;

    @Override
    void changed() {
      edited |= !linking;
    }

    @Override
    public @Nullable Tensor put(String name, Tensor tensor) {
      Tensor current = linking || edited ? null : get(name);
      if (current == null
          || current.dim() == 0
          || !Arrays.equals(Tensors.shape(current), Tensors.shape(tensor))) {
        return super.put(name, tensor);
      }
      try (var _ = new NoGradGuard()) {
        return current.copy_(tensor);
      }
    }
  }

  Map<String, Tensor> of(Tensor parameter) {
    Linked state = states.get(Tensors.identity(parameter));
    if (state == null) {
      throw new IllegalArgumentException(
          "not a parameter of this optimizer: a tensor of shape "
              + Arrays.toString(Tensors.shape(parameter)));
    }
    if (stale) {
      link();
    }
    return state;
  }

  void beforeStep() {
    if (states.values().stream().anyMatch(state -> state.edited)) {
      link();
    }
  }

  void afterStep() {
    for (Tensor parameter : parameters) {
      Linked state = states.get(Tensors.identity(parameter));
      if (state == null || !parameter.grad().defined()) {
        continue;
      }
      stale |= state.isEmpty();
      Tensor step = state.get("step");
      if (step != null) {
        step.add_(new Scalar(1));
      }
    }
  }

  /** Makes the maps and the optimizer agree: edited maps win, otherwise the optimizer does. */
  private void link() {
    linking = true;
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      var current = new OutputArchive();
      optimizer.save(current);
      InputArchive loaded = throughFile(current);
      boolean edited = false;
      for (var entry : states.entrySet()) {
        Linked state = entry.getValue();
        edited |= state.edited;
        if (!state.edited) {
          read(loaded, entry.getKey(), state);
        } else if (state.isEmpty()) {
          // An optimizer never drops state: emptied means zeros.
          read(loaded, entry.getKey(), state);
          state.values().forEach(Tensor::zero_);
        }
      }
      if (edited) {
        InputArchive replaced = throughFile(edited(loaded));
        states.forEach((identity, state) -> read(replaced, identity, state));
        loaded = replaced;
      }
      optimizer.load(loaded);
      states.values().forEach(state -> state.edited = false);
      stale = false;
    } finally {
      linking = false;
    }
  }

  /** Fills the map of a parameter with its tensors in an archive, if it has any. */
  private static void read(InputArchive archive, long identity, Linked state) {
    var all = new InputArchive();
    archive.read("state", all);
    var saved = new InputArchive();
    if (all.try_read(Long.toString(identity), saved)) {
      StringVector names = saved.keys();
      for (long i = 0; i < names.size(); i++) {
        var value = new IValue();
        saved.read(names.get(i), value);
        Tensor tensor =
            value.isTensor()
                ? value.toTensor()
                : torch.scalar_tensor(new Scalar((float) value.toInt()));
        state.put(names.get(i).getString(), tensor);
      }
    }
  }

  /** The archive that libtorch would have written, had the optimizer the state of the maps. */
  private OutputArchive edited(InputArchive saved) {
    var archive = new OutputArchive();
    var all = new OutputArchive(archive.compilation_unit());
    states.forEach(
        (identity, state) -> {
          if (!state.isEmpty()) {
            var one = new OutputArchive(archive.compilation_unit());
            state.forEach(
                (name, tensor) -> {
                  if (name.equals("step")) {
                    one.write(name, new IValue((long) tensor.item_double()));
                  } else {
                    one.write(name, tensor, true);
                  }
                });
            all.write(Long.toString(identity), one);
          }
        });
    var version = new IValue();
    saved.read("pytorch_version", version);
    var groups = new IValue();
    saved.read("param_groups", groups);
    archive.write("pytorch_version", version);
    archive.write("state", all);
    archive.write("param_groups", groups);
    return archive;
  }

  private static InputArchive throughFile(OutputArchive archive) {
    try {
      Path file = Files.createTempFile("optimizer", ".pt");
      try {
        archive.save_to(file.toString());
        var loaded = new InputArchive();
        loaded.load_from(file.toString());
        return loaded;
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot pass the optimizer state through a file", e);
    }
  }
}
