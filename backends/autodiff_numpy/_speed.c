/* Replays runs of NumPy's elementwise loops: what a ufunc's call does, without the call.

A ufunc is a table of loops over one axis, one for each combination of dtypes, and around it the machinery that chooses
a loop, broadcasts, allocates, and reports floating point errors. A prepared program (prepare/program.py) knows all of
that beforehand, for its arrays stay in their place. So a `Plan` keeps for each step the loop itself and the addresses,
strides and lengths that NumPy's iterator gives, and running it is a row of calls by pointer, of the very functions that
NumPy calls: the results are the same to the bit. prepare/compiled.py decides which steps a plan takes; what is asked
here again is what memory safety rests on.

Of NumPy only its public C API is used: the fields of PyUFuncObject, NpyIter, PyUFunc_GiveFloatingpointErrors.

Threads: nothing here is global and mutable. A plan has a lock, for it computes into memory that belongs to it; a second
thread that calls it meanwhile gets a RuntimeError. (Replayed, which owns plans, never lets it come to that.) No object
of Python is touched while the loops run, and long runs release the interpreter lock. So it holds for builds of Python
without that lock too.
*/

#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include <Python.h>
#include <structmember.h>

#include <fenv.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#define MOST_OPERANDS 4
#define BLOCK 8192              /* elements: some ten buffers of a block fit into a second-level cache */
#define LONG_WORK 20000         /* elements of all loops together, from which on other threads may run meanwhile */
#define ERRORS (FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID) /* not FE_INEXACT, which nearly all set */

/* One call of a loop. An operand begins at bases[base] + offset: base 0 is the address 0, base k the k-th parameter. */
typedef struct {
    PyUFuncGenericFunction function;
    void *data;
    npy_intp count;
    npy_intp strides[MOST_OPERANDS];
    uintptr_t offsets[MOST_OPERANDS];
    short bases[MOST_OPERANDS];
    char advances[MOST_OPERANDS]; /* whether the next block lies behind this one; 0 for what holds one block alone */
    short watched;                /* the floating point errors that somebody wants to hear of */
    short seen;                   /* those that occurred */
    int step;
} Loop;

/* Loops that run one after the other, once for each block. */
typedef struct {
    Py_ssize_t first, end;
    npy_intp blocks, last_count; /* last_count: the length of the last block, where there are several */
} Group;

/* What a parameter has to be. */
typedef struct {
    int type, ndim;
    npy_intp shape[NPY_MAXDIMS];
} Kind;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyThread_type_lock lock;
    Loop *loops;
    Py_ssize_t n_loops, room;
    Group *groups;
    Py_ssize_t n_groups;
    Kind *kinds;
    Py_ssize_t n_parameters, n_inputs; /* what follows the inputs is written */
    uintptr_t *bases;
    double work;
    PyObject *steps;  /* a list of tuples (ufunc or None, errors, arrays), one for each step: keeps all memory alive */
    PyObject *report; /* called with a ufunc's name, NumPy's flags and the step's errors */
} Plan;

/* --- loops of ours: where elements are moved as they are ---------------------------------------------------------- */

#define EACH_SIZE(MOVE)                                                                                                \
    switch ((npy_intp)data) {                                                                                          \
        case 1: MOVE(1) break;                                                                                         \
        case 2: MOVE(2) break;                                                                                         \
        case 4: MOVE(4) break;                                                                                         \
        case 8: MOVE(8) break;                                                                                         \
        case 16: MOVE(16) break;                                                                                       \
        default: MOVE((size_t)(npy_intp)data) break;                                                                   \
    }

/* out = source; `data` is the size of an element, here and below. */
static void copy_loop(char **args, npy_intp const *dimensions, npy_intp const *strides, void *data) {
    char *source = args[0], *out = args[1];
    npy_intp n = dimensions[0];
    if (strides[0] == (npy_intp)data && strides[1] == (npy_intp)data) {
        memmove(out, source, (size_t)(n * (npy_intp)data));
        return;
    }
#define MOVE(size)                                                                                                     \
    for (npy_intp i = 0; i < n; i++) {                                                                                 \
        memmove(out + i * strides[1], source + i * strides[0], size);                                                  \
    }
    EACH_SIZE(MOVE)
#undef MOVE
}

/* out = chosen where the mask is true, other elsewhere. */
static void select_loop(char **args, npy_intp const *dimensions, npy_intp const *strides, void *data) {
    char *mask = args[0], *chosen = args[1], *other = args[2], *out = args[3];
    npy_intp n = dimensions[0];
#define MOVE(size)                                                                                                     \
    for (npy_intp i = 0; i < n; i++) {                                                                                 \
        char *source = mask[i * strides[0]] ? chosen + i * strides[1] : other + i * strides[2];                        \
        memmove(out + i * strides[3], source, size);                                                                   \
    }
    EACH_SIZE(MOVE)
#undef MOVE
}

/* --- floating point errors ---------------------------------------------------------------------------------------- */

/* NumPy's flags as those of <fenv.h>, and back. */
static int const FLAGS[][2] = {
    {NPY_FPE_DIVIDEBYZERO, FE_DIVBYZERO}, {NPY_FPE_OVERFLOW, FE_OVERFLOW},
    {NPY_FPE_UNDERFLOW, FE_UNDERFLOW},    {NPY_FPE_INVALID, FE_INVALID},
};

static int translated(int flags, int from, int to) {
    int found = 0;
    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) {
        found |= flags & FLAGS[i][from] ? FLAGS[i][to] : 0;
    }
    return found;
}

/* --- making a plan ------------------------------------------------------------------------------------------------ */

/* The loop of a ufunc for these operands, or one of ours. */
static int find_loop(PyObject *ufunc, PyArrayObject **operands, int n, Loop *loop) {
    if (ufunc == Py_None) {
        int type = PyArray_TYPE(operands[n - 1]);
        int moves = n == 2 && PyArray_TYPE(operands[0]) == type;
        int selects = n == 4 && PyArray_TYPE(operands[0]) == NPY_BOOL && PyArray_TYPE(operands[1]) == type &&
                      PyArray_TYPE(operands[2]) == type;
        if (PyTypeNum_ISNUMBER(type) || type == NPY_BOOL) {
            loop->function = moves ? copy_loop : selects ? select_loop : NULL;
            loop->data = (void *)(npy_intp)PyArray_ITEMSIZE(operands[n - 1]);
        }
    }
    else if (PyObject_TypeCheck(ufunc, &PyUFunc_Type)) {
        PyUFuncObject *table = (PyUFuncObject *)ufunc;
        for (int k = 0; !table->core_enabled && table->nargs == n && table->nout == 1 && k < table->ntypes; k++) {
            int fits = 1;
            for (int j = 0; j < n; j++) {
                int type = PyArray_TYPE(operands[j]);
                fits &= table->types[k * n + j] == type && (PyTypeNum_ISNUMBER(type) || type == NPY_BOOL);
            }
            if (fits) {
                loop->function = table->functions[k];
                loop->data = table->data ? table->data[k] : NULL;
                break;
            }
        }
    }
    if (loop->function == NULL) {
        PyErr_Format(PyExc_TypeError, "%R has no elementwise loop for the dtypes of these operands", ufunc);
        return -1;
    }
    return 0;
}

/* A new loop at the end of the plan. */
static Loop *add_loop(Plan *self, Loop const *like) {
    if (self->n_loops == self->room) {
        Py_ssize_t room = self->room ? 2 * self->room : 16;
        Loop *more = PyMem_Realloc(self->loops, (size_t)room * sizeof(Loop));
        if (more == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        self->loops = more;
        self->room = room;
    }
    self->loops[self->n_loops] = *like;
    return &self->loops[self->n_loops++];
}

/* Where an address lies: in one of the arrays that stand for the parameters, or in memory that stays. */
static void locate(PyObject *parameters, char *address, Loop *loop, int operand) {
    loop->bases[operand] = 0;
    loop->offsets[operand] = (uintptr_t)address;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(parameters); k++) {
        PyArrayObject *parameter = (PyArrayObject *)PyList_GET_ITEM(parameters, k);
        uintptr_t start = (uintptr_t)PyArray_DATA(parameter);
        if ((uintptr_t)address - start < (uintptr_t)PyArray_NBYTES(parameter)) {
            loop->bases[operand] = (short)(k + 1);
            loop->offsets[operand] = (uintptr_t)address - start;
        }
    }
}

/* Whether one loop does it all, with the strides that a ufunc gives it then: all arrays have the shape of the last one
   and lie in the same order, or are numbers. The iterator would say 0 where there is one element, and loops differ. */
static int in_one_loop(PyArrayObject **operands, int n, Loop *loop) {
    PyArrayObject *out = operands[n - 1];
    int in_c_order = 1, in_fortran_order = 1;
    for (int j = 0; j < n; j++) {
        PyArrayObject *array = operands[j];
        int ndim = PyArray_NDIM(array);
        if (ndim == 0 && j < n - 1) {
            loop->strides[j] = 0;
            continue;
        }
        if (!PyArray_SAMESHAPE(array, out)) {
            return 0;
        }
        loop->strides[j] = ndim == 1 ? PyArray_STRIDE(array, 0) : PyArray_ITEMSIZE(array);
        in_c_order &= ndim == 1 || PyArray_IS_C_CONTIGUOUS(array);
        in_fortran_order &= ndim == 1 || PyArray_IS_F_CONTIGUOUS(array);
    }
    loop->count = PyArray_SIZE(out);
    return in_c_order || in_fortran_order;
}

/* A step over whole arrays: one loop, or those that NumPy's iterator makes, asked as a ufunc asks it. */
static int add_whole(Plan *self, PyObject *parameters, PyArrayObject **operands, int n, Loop *loop) {
    if (in_one_loop(operands, n, loop)) {
        for (int j = 0; j < n; j++) {
            locate(parameters, PyArray_BYTES(operands[j]), loop, j);
        }
        self->work += (double)loop->count;
        return loop->count && add_loop(self, loop) == NULL ? -1 : 0;
    }
    npy_uint32 flags[MOST_OPERANDS];
    for (int j = 0; j < n; j++) {
        flags[j] = j < n - 1 ? NPY_ITER_READONLY : NPY_ITER_WRITEONLY | NPY_ITER_NO_BROADCAST;
    }
    NpyIter *iterator = NpyIter_MultiNew(
        n, operands, NPY_ITER_EXTERNAL_LOOP | NPY_ITER_ZEROSIZE_OK, NPY_KEEPORDER, NPY_NO_CASTING, flags, NULL);
    if (iterator == NULL) {
        return -1;
    }
    int failed = 0;
    if (NpyIter_GetIterSize(iterator) > 0) {
        NpyIter_IterNextFunc *next = NpyIter_GetIterNext(iterator, NULL);
        char **addresses = NpyIter_GetDataPtrArray(iterator);
        npy_intp *strides = NpyIter_GetInnerStrideArray(iterator), *count = NpyIter_GetInnerLoopSizePtr(iterator);
        failed = next == NULL;
        while (!failed) {
            loop->count = *count;
            for (int j = 0; j < n; j++) {
                loop->strides[j] = strides[j];
                locate(parameters, addresses[j], loop, j);
            }
            failed = add_loop(self, loop) == NULL;
            self->work += (double)*count;
            if (!failed && !next(iterator)) {
                break;
            }
        }
    }
    return NpyIter_Deallocate(iterator) != NPY_SUCCEED || failed ? -1 : 0;
}

/* A step in blocks: each operand has `size` elements in a row, those of one block, or one element. */
static int add_in_blocks(
    Plan *self, PyObject *parameters, PyArrayObject **operands, int n, Loop *loop, npy_intp size) {
    loop->count = BLOCK;
    for (int j = 0; j < n; j++) {
        npy_intp length = PyArray_SIZE(operands[j]), item = PyArray_ITEMSIZE(operands[j]);
        int whole = length == size, one = length == 1 && j < n - 1;
        if (!PyArray_IS_C_CONTIGUOUS(operands[j]) || !(whole || one || length == BLOCK)) {
            PyErr_SetString(PyExc_ValueError, "an operand of a step in blocks is neither whole, nor a block, nor one");
            return -1;
        }
        loop->strides[j] = one ? 0 : item;
        loop->advances[j] = (char)whole;
        locate(parameters, PyArray_BYTES(operands[j]), loop, j);
    }
    self->work += (double)size;
    return add_loop(self, loop) == NULL ? -1 : 0;
}

static int is_tuple(PyObject *thing) {
    if (!PyTuple_Check(thing)) {
        PyErr_SetString(PyExc_TypeError, "groups and steps are tuples");
        return 0;
    }
    return 1;
}

/* Keep what a step needs later: of its operands those alone whose memory it uses, for parameters are only stood for. */
static int keep(
    Plan *self, PyObject *parameters, PyObject *ufunc, PyArrayObject **operands, Py_ssize_t n, PyObject *errors) {
    PyObject *memory = PyTuple_New(n);
    if (memory == NULL) {
        return -1;
    }
    for (Py_ssize_t j = 0; j < n; j++) {
        Loop found;
        locate(parameters, PyArray_BYTES(operands[j]), &found, 0);
        PyTuple_SET_ITEM(memory, j, Py_NewRef(found.bases[0] ? Py_None : (PyObject *)operands[j]));
    }
    PyObject *step = Py_BuildValue("(OOO)", ufunc, errors, memory);
    Py_DECREF(memory);
    int failed = step == NULL || PyList_Append(self->steps, step) < 0;
    Py_XDECREF(step);
    return failed ? -1 : 0;
}

static int add_step(Plan *self, PyObject *parameters, PyObject *step, npy_intp size) {
    PyObject *ufunc, *operands, *errors;
    PyArrayObject *arrays[MOST_OPERANDS];
    int watched;
    Loop loop;
    memset(&loop, 0, sizeof loop);
    if (!is_tuple(step) ||
        !PyArg_ParseTuple(step, "OO!iO", &ufunc, &PyTuple_Type, &operands, &watched, &errors)) {
        return -1;
    }
    Py_ssize_t n = PyTuple_GET_SIZE(operands);
    if (n < 2 || n > MOST_OPERANDS) {
        PyErr_Format(PyExc_ValueError, "a step has 2 to %d operands", MOST_OPERANDS);
        return -1;
    }
    for (Py_ssize_t j = 0; j < n; j++) {
        arrays[j] = (PyArrayObject *)PyTuple_GET_ITEM(operands, j);
        if (!PyArray_CheckExact((PyObject *)arrays[j]) || !PyArray_ISALIGNED(arrays[j]) ||
            !PyArray_ISNOTSWAPPED(arrays[j]) || (j == n - 1 && !PyArray_ISWRITEABLE(arrays[j]))) {
            PyErr_SetString(
                PyExc_ValueError, "operands are arrays, aligned, in the machine's byte order; the last is written");
            return -1;
        }
    }
    loop.watched = (short)translated(watched, 0, 1);
    loop.step = (int)PyList_GET_SIZE(self->steps);
    return find_loop(ufunc, arrays, (int)n, &loop) < 0 || keep(self, parameters, ufunc, arrays, n, errors) < 0 ? -1
           : size ? add_in_blocks(self, parameters, arrays, (int)n, &loop, size)
                  : add_whole(self, parameters, arrays, (int)n, &loop);
}

static int add_group(Plan *self, PyObject *parameters, PyObject *description, Group *group) {
    Py_ssize_t size;
    PyObject *steps;
    if (!is_tuple(description) || !PyArg_ParseTuple(description, "nO!", &size, &PyList_Type, &steps)) {
        return -1;
    }
    if (size < 0 || (size > 0 && size <= BLOCK)) {
        PyErr_SetString(PyExc_ValueError, "what runs in blocks is longer than one");
        return -1;
    }
    group->first = self->n_loops;
    group->blocks = size ? (size + BLOCK - 1) / BLOCK : 1;
    group->last_count = size - (group->blocks - 1) * BLOCK;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(steps); i++) {
        if (add_step(self, parameters, PyList_GET_ITEM(steps, i), size) < 0) {
            return -1;
        }
    }
    group->end = self->n_loops;
    return 0;
}

static int add_parameter(PyObject *given, Kind *kind) {
    PyArrayObject *array = (PyArrayObject *)given;
    if (!PyArray_CheckExact(given) || !PyArray_ISCARRAY(array)) {
        PyErr_SetString(PyExc_ValueError, "what stands for a parameter is a contiguous array");
        return -1;
    }
    kind->type = PyArray_TYPE(array);
    kind->ndim = PyArray_NDIM(array);
    for (int i = 0; i < kind->ndim; i++) {
        kind->shape[i] = PyArray_DIM(array, i);
    }
    return 0;
}

static PyObject *plan_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names);

PyDoc_STRVAR(plan_doc,
    "Plan(parameters, n_inputs, groups, report)\n--\n\n"
    "Elementwise steps, to be run again and again.\n\n"
    "Args:\n"
    "    parameters: contiguous arrays that stand for those that the plan will be called with; only where they lie,\n"
    "        their shapes and dtypes count.\n"
    "    n_inputs: how many of them are read alone; those that follow are written.\n"
    "    groups: a list of tuples (size, steps). A step is a tuple (ufunc, operands, watched, errors): a ufunc, or\n"
    "        None for a copy (source, out) and a choice (mask, chosen, other, out); arrays, the last one written;\n"
    "        which of NumPy's FPE flags to look for; its settings for such errors. Size 0 is a group of steps over\n"
    "        whole arrays of any layout. Another size is that of arrays in a row, which run in blocks; an operand of\n"
    "        BLOCK elements holds the block alone.\n"
    "    report: called as report(ufunc, flags, errors) where a step had a floating point error that it looks for and\n"
    "        has settings of its own; without (None) it is the caller's settings that decide, at once.\n\n"
    "Calling it with arrays gives True after the steps have run, and False, nothing done, if one of them has another\n"
    "shape, dtype or layout than what stood for it.");

static PyObject *plan_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *parameters, *groups, *report;
    Py_ssize_t n_inputs;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs)) {
        PyErr_SetString(PyExc_TypeError, "Plan() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(
            args, "O!nO!O", &PyList_Type, &parameters, &n_inputs, &PyList_Type, &groups, &report)) {
        return NULL;
    }
    if (n_inputs < 0 || n_inputs > PyList_GET_SIZE(parameters) || PyList_GET_SIZE(parameters) >= SHRT_MAX) {
        PyErr_SetString(PyExc_ValueError, "a plan has at most 32 766 parameters, and not more inputs");
        return NULL;
    }
    Plan *self = (Plan *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->call = plan_call;
    self->report = Py_NewRef(report);
    self->n_parameters = PyList_GET_SIZE(parameters);
    self->n_inputs = n_inputs;
    self->n_groups = PyList_GET_SIZE(groups);
    self->steps = PyList_New(0);
    self->lock = PyThread_allocate_lock();
    self->kinds = PyMem_Calloc((size_t)self->n_parameters + 1, sizeof(Kind));
    self->bases = PyMem_Calloc((size_t)self->n_parameters + 1, sizeof(uintptr_t));
    self->groups = PyMem_Calloc((size_t)self->n_groups + 1, sizeof(Group));
    if (self->steps == NULL || !self->lock || !self->kinds || !self->bases || !self->groups) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t k = 0; k < self->n_parameters; k++) {
        if (add_parameter(PyList_GET_ITEM(parameters, k), &self->kinds[k]) < 0) {
            goto fail;
        }
    }
    for (Py_ssize_t i = 0; i < self->n_groups; i++) {
        if (add_group(self, parameters, PyList_GET_ITEM(groups, i), &self->groups[i]) < 0) {
            goto fail;
        }
    }
    return (PyObject *)self;
fail:
    Py_DECREF(self);
    return NULL;
}

static void plan_dealloc(PyObject *object) {
    Plan *self = (Plan *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyMem_Free(self->loops);
    PyMem_Free(self->groups);
    PyMem_Free(self->kinds);
    PyMem_Free(self->bases);
    if (self->lock) {
        PyThread_free_lock(self->lock);
    }
    Py_XDECREF(self->steps);
    Py_XDECREF(self->report);
    type->tp_free(object);
    Py_DECREF(type);
}

/* --- running it --------------------------------------------------------------------------------------------------- */

/* Whether an array can stand at the place of parameter k. */
static int fits(Plan const *self, Py_ssize_t k, PyObject *given) {
    PyArrayObject *array = (PyArrayObject *)given;
    Kind const *kind = &self->kinds[k];
    return PyArray_CheckExact(given) && PyArray_TYPE(array) == kind->type && PyArray_NDIM(array) == kind->ndim &&
           PyArray_CompareLists(PyArray_DIMS(array), kind->shape, kind->ndim) &&
           (k < self->n_inputs ? PyArray_ISCARRAY_RO(array) : PyArray_ISCARRAY(array));
}

PyDoc_STRVAR(arguments_doc,
    "arguments(inputs)\n--\n\n"
    "A tuple to call the plan with: these inputs, and a new array for each parameter that is written.\n\n"
    "``None`` if `inputs` is no tuple of arrays of the shapes, dtypes and layouts that the plan takes.");

static PyObject *plan_arguments(PyObject *object, PyObject *inputs) {
    Plan *self = (Plan *)object;
    if (!PyTuple_Check(inputs) || PyTuple_GET_SIZE(inputs) != self->n_inputs) {
        Py_RETURN_NONE;
    }
    for (Py_ssize_t k = 0; k < self->n_inputs; k++) {
        if (!fits(self, k, PyTuple_GET_ITEM(inputs, k))) {
            Py_RETURN_NONE;
        }
    }
    PyObject *found = PyTuple_New(self->n_parameters);
    for (Py_ssize_t k = 0; found != NULL && k < self->n_parameters; k++) {
        Kind *kind = &self->kinds[k];
        PyObject *array = k < self->n_inputs ? Py_NewRef(PyTuple_GET_ITEM(inputs, k))
                                             : PyArray_EMPTY(kind->ndim, kind->shape, kind->type, 0);
        if (array == NULL) {
            Py_CLEAR(found);
        }
        else {
            PyTuple_SET_ITEM(found, k, array);
        }
    }
    return found;
}

/* Run all loops; whether one of them had an error that is looked for. */
static int run_loops(Plan *self) {
    int any = 0, unknown = 1; /* unknown: flags may be up that no loop since has raised */
    for (Group *group = self->groups; group < self->groups + self->n_groups; group++) {
        for (npy_intp block = 0; block < group->blocks; block++) {
            for (Loop *loop = self->loops + group->first; loop < self->loops + group->end; loop++) {
                char *args[MOST_OPERANDS];
                for (int j = 0; j < MOST_OPERANDS; j++) {
                    uintptr_t passed = loop->advances[j] ? (uintptr_t)(block * BLOCK * loop->strides[j]) : 0;
                    args[j] = (char *)(self->bases[loop->bases[j]] + loop->offsets[j] + passed);
                }
                if (loop->watched && unknown) {
                    if (fetestexcept(ERRORS)) {
                        feclearexcept(ERRORS);
                    }
                    unknown = 0;
                }
                int last = group->blocks > 1 && block == group->blocks - 1;
                npy_intp count = last ? group->last_count : loop->count;
                loop->function(args, &count, loop->strides, loop->data);
                if (loop->watched) {
                    int found = fetestexcept(ERRORS); /* all units: loops may raise in any */
                    if (found) {
                        loop->seen = (short)(loop->seen | (found & loop->watched));
                        any |= found & loop->watched;
                        feclearexcept(ERRORS);
                    }
                }
                else {
                    unknown = 1;
                }
            }
        }
    }
    return any;
}

/* Warn or raise as NumPy's settings say: those of the caller, or those that the step was recorded under. */
static int report_step(Plan *self, Py_ssize_t step, int flags) {
    PyObject *description = PyList_GET_ITEM(self->steps, step);
    PyObject *ufunc = PyTuple_GET_ITEM(description, 0), *errors = PyTuple_GET_ITEM(description, 1);
    if (errors == Py_None) {
        return PyUFunc_GiveFloatingpointErrors(((PyUFuncObject *)ufunc)->name, flags);
    }
    PyObject *told = PyObject_CallFunction(self->report, "OiO", ufunc, flags, errors);
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

/* Tell NumPy, a step at a time, of the errors that were seen; the first one that raises ends it. */
static int report_errors(Plan *self) {
    int failed = 0;
    for (Py_ssize_t i = 0; i < self->n_loops;) {
        Py_ssize_t step = self->loops[i].step;
        int seen = 0;
        for (; i < self->n_loops && self->loops[i].step == step; i++) {
            seen |= self->loops[i].seen;
            self->loops[i].seen = 0;
        }
        failed = failed || (seen && report_step(self, step, translated(seen, 1, 0)) < 0);
    }
    return failed ? -1 : 0;
}

static PyObject *plan_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *names) {
    Plan *self = (Plan *)object;
    if (PyVectorcall_NARGS(nargsf) != self->n_parameters || (names != NULL && PyTuple_GET_SIZE(names))) {
        PyErr_Format(PyExc_TypeError, "this plan takes %zd arrays by position", self->n_parameters);
        return NULL;
    }
    for (Py_ssize_t k = 0; k < self->n_parameters; k++) {
        if (!fits(self, k, args[k])) {
            Py_RETURN_FALSE;
        }
    }
    if (!PyThread_acquire_lock(self->lock, NOWAIT_LOCK)) {
        PyErr_SetString(PyExc_RuntimeError, "this plan is running in another thread");
        return NULL;
    }
    for (Py_ssize_t k = 0; k < self->n_parameters; k++) {
        self->bases[k + 1] = (uintptr_t)PyArray_DATA((PyArrayObject *)args[k]);
    }
    int any;
    if (self->work >= LONG_WORK) {
        Py_BEGIN_ALLOW_THREADS
        any = run_loops(self);
        Py_END_ALLOW_THREADS
    }
    else {
        any = run_loops(self);
    }
    int failed = any && report_errors(self) < 0;
    PyThread_release_lock(self->lock);
    if (failed) {
        return NULL;
    }
    Py_RETURN_TRUE;
}

/* --- the module --------------------------------------------------------------------------------------------------- */

PyDoc_STRVAR(give_doc,
    "give(name, flags)\n--\n\n"
    "Warn, raise or call, as np.errstate says, for floating point errors in the function `name`.");

static PyObject *give(PyObject *module, PyObject *args) {
    char const *name;
    int flags;
    if (!PyArg_ParseTuple(args, "si", &name, &flags) || PyUFunc_GiveFloatingpointErrors(name, flags) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMemberDef plan_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Plan, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef plan_methods[] = {
    {"arguments", plan_arguments, METH_O, arguments_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot plan_slots[] = {
    {Py_tp_doc, (void *)plan_doc},     {Py_tp_new, plan_new},         {Py_tp_dealloc, plan_dealloc},
    {Py_tp_call, PyVectorcall_Call},   {Py_tp_members, plan_members}, {Py_tp_methods, plan_methods},
    {0, NULL},
};

static PyType_Spec plan_spec = {
    "autodiff_numpy._speed.Plan", sizeof(Plan), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE, plan_slots,
};

static int fill_module(PyObject *module) {
    if (PyArray_ImportNumPyAPI() < 0 || PyUFunc_ImportUFuncAPI() < 0) {
        return -1;
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &plan_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int failed = PyModule_AddObjectRef(module, "Plan", type) < 0;
    Py_DECREF(type);
    return failed || PyModule_AddIntConstant(module, "BLOCK", BLOCK) < 0 ? -1 : 0;
}

static PyMethodDef functions[] = {{"give", give, METH_VARARGS, give_doc}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, fill_module},
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_speed", "Runs of elementwise loops, for prepared programs.", 0, functions, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__speed(void) {
    return PyModuleDef_Init(&definition);
}
