package dev.filigree.optim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The problems and trajectories of golden.json, which golden.py computes. */
final class Golden {
  private static final JsonNode ROOT = read();
  final int steps = ROOT.get("steps").asInt();
  final JsonNode expected;
  private final JsonNode problem;

  Golden(String name) {
    expected = Objects.requireNonNull(ROOT.get("cases").get(name), name);
    problem = ROOT.get("problems").get(expected.get("problem").asText());
  }

  private static JsonNode read() {
    try (InputStream in = Objects.requireNonNull(Golden.class.getResourceAsStream("golden.json"))) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fresh parameters with the problem's initial values. */
  List<Tensor> parameters() {
    var parameters = new ArrayList<Tensor>();
    for (int i = 0; i < problem.get("shapes").size(); i++) {
      Tensor parameter = tensor(problem.get("initial").get(i), i);
      parameter.set_requires_grad(true);
      parameters.add(parameter);
    }
    return parameters;
  }

  /** Puts the gradients of a step in place, as a backward pass would. */
  void backward(List<Tensor> parameters, int step) {
    for (int i = 0; i < parameters.size(); i++) {
      backward(parameters.get(i), step, i);
    }
  }

  void backward(Tensor parameter, int step, int index) {
    parameter.mutable_grad().put(tensor(problem.get("gradients").get(step).get(index), index));
  }

  private Tensor tensor(JsonNode values, int index) {
    JsonNode dimensions = problem.get("shapes").get(index);
    var shape = new long[dimensions.size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = dimensions.get(i).asLong();
    }
    return torch.tensor(floats(values)).view(shape).clone();
  }

  static float[] floats(JsonNode values) {
    var floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values.get(i).asDouble();
    }
    return floats;
  }

  static float[] floats(Tensor tensor) {
    Tensor values = tensor.detach().contiguous();
    return Tensors.segment(values).toArray(ValueLayout.JAVA_FLOAT);
  }

  /** An entry that is expected to be there. */
  static Tensor get(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), () -> name + " not in " + tensors.keySet());
  }
}
